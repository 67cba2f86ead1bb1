import { z } from 'zod';
import { InputError } from './errors.js';

/** Every fault of a zod error as `path: message`, the message a remedy. */
export function listFaults(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(
        (key) =>
          `${path === '' ? nameField(key) : `${path}.${nameField(key)}`}: is not a known field; remove it or check its spelling`,
      );
    }
    return [`${path === '' ? 'the value' : path}: ${describeIssue(issue)}`];
  });
}

/** A field as it is called, in quotes and cut where that is no name. */
function nameField(key: string): string {
  return /^[\w.-]{1,60}$/.test(key) ? key : JSON.stringify(key.slice(0, 60));
}

/** Zod's own words tell what it expected; people want to know what to give. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? `is missing; give ${withArticle(issue.expected)}`
        : `give ${withArticle(issue.expected)}`;
    case 'too_small':
      return issue.origin === 'string'
        ? `is too short; give at least ${String(issue.minimum)} characters`
        : `give ${String(issue.minimum)} or more`;
    case 'too_big':
      return issue.origin === 'string'
        ? `is too long; give at most ${String(issue.maximum)} characters`
        : `give ${String(issue.maximum)} or less`;
    case 'invalid_value':
      return `give one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return issue.message === 'Invalid input' ? 'is nothing that may stand here' : issue.message;
    default:
      return issue.message;
  }
}

/** What to give, in a person's words. */
function withArticle(type: string): string {
  if (type === 'boolean') return 'true or false';
  const name = type === 'int' ? 'integer' : type;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** The value as the schema has it. @throws InputError that lists every fault. */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown, subject: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(listFaults(parsed.error), subject);
}
