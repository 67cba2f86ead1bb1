import { PmnamecheapError } from '../errors.js';

/** One `<Error Number="…">text</Error>`. */
export interface ApiFault {
  number: number;
  text: string;
}

/** The command answers `Status="ERROR"` with these faults; nothing was changed unless the command says otherwise. */
export class Refusal extends PmnamecheapError {
  readonly faults: readonly ApiFault[];

  constructor(...faults: [ApiFault, ...ApiFault[]]) {
    super(faults.map((fault) => `${fault.number} ${fault.text}`).join('; '), {
      code: 'ERR_SANDBOX_REFUSAL',
      verdict: 'fail',
    });
    this.faults = faults;
  }
}

/** Throws the refusal unless the condition holds. */
export function demand(condition: boolean, number: number, text: string): asserts condition {
  if (!condition) throw new Refusal({ number, text });
}
