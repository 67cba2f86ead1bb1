import type { z } from 'zod';
import { FailError } from '../errors.js';

/**
 * A stored value that this version cannot read: a newer version wrote it, or somebody changed it by hand. It is left
 * alone, and nothing is done on a guess of what it said.
 */
export class UnreadableValueError extends FailError {
  /** @param where the place, for people */
  constructor(where: string, cause: unknown) {
    super(
      `${where} cannot be read by this version and is left alone: find out who wrote to Redis by hand, then upgrade, or ` +
        'bring it back from an export (certificate restore) or a snapshot of Redis',
      'ERR_UNREADABLE_VALUE',
      cause,
    );
  }
}

/** Reads a JSON value of Redis. @param where the place, for people @throws UnreadableValueError */
export function readStored<T>(schema: z.ZodType<T>, json: string, where: string): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (error) {
    throw new UnreadableValueError(where, error);
  }
}
