import { z } from 'zod';
import { parseDuration, readDuration } from './duration.js';

/** A duration from `lowest` to `highest`, such as `20m`; comes out in ms. */
export function duration(lowest: string, highest: string) {
  return z.string().transform((text, context) => {
    const ms = readDuration(text);
    if (ms === null) {
      context.addIssue({ code: 'custom', message: 'give a duration such as 90s, 20m or 12h' });
      return z.NEVER;
    }
    if (ms < parseDuration(lowest) || ms > parseDuration(highest)) {
      context.addIssue({ code: 'custom', message: `give a duration from ${lowest} to ${highest}` });
      return z.NEVER;
    }
    return ms;
  });
}

/** 32 bytes in base64. */
export const sealingKey = z
  .string()
  .refine(
    (text) => /^[A-Za-z0-9+/]{43}=$/.test(text),
    'give 32 random bytes in base64 (44 characters), such as "openssl rand -base64 32" makes',
  );

/** BullMQ's prefix, and that of our own keys. */
export const prefix = z
  .string()
  .regex(/^[\w.:{}-]{1,64}$/, 'give 1 to 64 letters, digits or . _ - : { }, such as {pmnamecheap}');

/** The path of a file. */
export const path = z.string().refine((text) => !text.includes('\0'), 'give the path of a file');
