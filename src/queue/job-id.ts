import { createHash } from 'node:crypto';

/** A requestId has at most so many characters. */
const MOST = 128;
const DIGEST = 16;

/**
 * A job's id as a requestId can be: a foreign client may use any characters, and a request under such an id could not be
 * rung again. What was changed ends with a digest of the whole, so that two jobs never become one.
 */
export function nameJob(id: string): string {
  if (/^[\w.:-]{1,128}$/.test(id)) return id;
  const digest = createHash('sha256').update(id).digest('hex').slice(0, DIGEST);
  return `${id.replaceAll(/[^\w.:-]/g, '-').slice(0, MOST - DIGEST - 1)}-${digest}`;
}
