import { InputError } from '../errors.js';

/** One `--field value` pair. */
export interface Field {
  /** As written, for messages. */
  flag: string;
  /** `--dcv.method` → `['dcv', 'method']`. */
  path: string[];
  text: string;
}

export interface EnqueueWords {
  job: string | null;
  /** A path, `-` for stdin, or null. */
  file: string | null;
  fields: Field[];
}

/** A PEM text begins with hyphens too, so a flag is two hyphens and no third one. */
const FLAG = /^--([^-=][^=]*)(?:=([\s\S]*))?$/;

const SEGMENT = /^[A-Za-z][A-Za-z0-9]*$/;

/**
 * Reads what follows `enqueue`: the job, at most one file, and any number of `--field value` or `--field=value`
 * pairs, in any order. Which fields a job has is the matter of its schema.
 * @throws InputError with every fault.
 */
export function readWords(words: readonly string[]): EnqueueWords {
  const plain: string[] = [];
  const fields: Field[] = [];
  const faults: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name, inline] = FLAG.exec(word) ?? [];
    if (name === undefined) {
      plain.push(word);
      continue;
    }
    const text = inline ?? takeValue(rest);
    const path = name.split('.').map(toCamelCase);
    if (!path.every((segment) => SEGMENT.test(segment))) faults.push(`--${name} is not the name of a field`);
    else if (text === undefined) faults.push(`--${name} needs a value: --${name} VALUE or --${name}=VALUE`);
    else fields.push({ flag: `--${name}`, path, text });
  }
  const [job = null, file = null, ...excess] = plain;
  if (excess.length > 0)
    faults.push(`too many words: ${excess.join(' ')}; the fields of a job are given as --field VALUE`);
  if (faults.length > 0) throw new InputError(faults, 'The command line');
  return { job, file, fields };
}

function takeValue(rest: string[]): string | undefined {
  return rest[0] === undefined || FLAG.test(rest[0]) ? undefined : rest.shift();
}

/** Flags are often written with hyphens: `--service-id` is the field `serviceId`. */
function toCamelCase(segment: string): string {
  return segment.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
