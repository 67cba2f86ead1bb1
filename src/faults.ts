import { z } from 'zod';
import { InputError } from './errors.js';

/** Every fault of a zod error as `path: message`. */
export function listFaults(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(
        (key) =>
          `${path === '' ? key : `${path}.${key}`}: is not a known field; remove it or check its spelling`,
      );
    }
    if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
      return [
        `${path === '' ? 'the value' : path}: is missing; give ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`,
      ];
    }
    return [path === '' ? issue.message : `${path}: ${issue.message}`];
  });
}

/** The value as the schema has it. @throws InputError that lists every fault. */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown, subject: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(listFaults(parsed.error), subject);
}
