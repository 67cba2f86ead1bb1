import { PmnamecheapError } from '../errors.js';

/**
 * An answer that is not what the API documents: no XML, another command's, without what it must hold. It does not
 * leave this folder: what it means depends on the command, so `classify.ts` turns it into a NamecheapError.
 */
export class AnswerError extends PmnamecheapError {
  constructor(problem: string) {
    super(problem, { code: 'ERR_NAMECHEAP_ANSWER', verdict: 'retry' });
  }
}
