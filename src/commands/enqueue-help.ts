import { jobs } from '../../jobs/index.js';
import type { JobDefinition } from '../job.js';
import { listAlternatives, readJobNode, readNode, type Node } from './enqueue-payload.js';

/** The end of `enqueue --help`: the fields of the job that is named in the words, or all the jobs. */
export function composeHelp(words: readonly string[]): string {
  const definition = words.map((word) => jobs.get(word)).find((found) => found !== undefined);
  return definition === undefined ? describeJobs() : describeJob(definition);
}

const HOW_FIELDS =
  'Fields are named as in the payload: dots nest, @path is the content of a file, lists are comma-separated.';

function describeJobs(): string {
  const known = [...jobs.values()];
  return [
    '\nJobs (enqueue <job> --help shows the fields of one):',
    ...known.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`),
    `\n${HOW_FIELDS}`,
    '\nExamples:',
    '  pmnamecheap enqueue order --serviceId 1001 --type PositiveSSL --years 1 --csr @example.csr --dcv.method dns --wait',
    ...known.map(
      ({ name, example }) => `  echo '${JSON.stringify(example)}' | pmnamecheap enqueue ${name} -`,
    ),
  ].join('\n');
}

function describeJob({ name, summary, schema, example }: JobDefinition): string {
  const fields = listFields(readJobNode(schema), '', 'required');
  const width = Math.max(0, ...fields.map(([flag]) => flag.length));
  return [
    `\n${name}: ${summary}`,
    ...(fields.length === 0 ? ['\nIt has no fields.'] : ['\nFields:']),
    ...fields.map(([flag, meaning]) => `  ${flag.padEnd(width)}  ${meaning}`),
    ...(fields.length === 0 ? [] : [`\n${HOW_FIELDS}`]),
    '\nExample:',
    `  ${['pmnamecheap enqueue', name, ...listFlags(example, '')].join(' ')}`,
  ].join('\n');
}

type Line = [flag: string, meaning: string];

/** A line per field that is given a value; `must` is said of those that the object they are in demands. */
function listFields(node: Node, prefix: string, must: string): Line[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, value]) => {
    const flag = `--${prefix}${key}`;
    const isRequired = node.required?.includes(key) === true;
    const alternatives = readNode(value).flatMap(listAlternatives);
    const kinds = [...new Set(alternatives.flatMap(describeKind))];
    const own = kinds.length === 0 ? [] : [`${kinds.join(' | ')}${isRequired ? `, ${must}` : ''}`];
    const outer = isRequired ? must : `required with ${flag}.*`;
    const innerMust = kinds.length === 0 ? outer : `instead of ${flag}`;
    const inner = alternatives.flatMap((one) => listFields(one, `${prefix}${key}.`, innerMust));
    return [...own.map((meaning): Line => [flag, meaning]), ...inner];
  });
}

/** What a value may be; nothing for an object, whose fields have lines of their own. */
function describeKind(node: Node): string[] {
  if (node.enum !== undefined) return node.enum.map(String);
  const types = [node.type ?? []].flat().filter((type) => type !== 'null' && type !== 'object');
  const preset =
    node.default === undefined || node.default === null
      ? ''
      : ` (${JSON.stringify(node.default)} unless said)`;
  return types.map((type) => `${describeType(type, node)}${preset}`);
}

function describeType(type: string, node: Node): string {
  if (type === 'array') return describeList(node);
  if (type === 'boolean') return 'true or false';
  if (type === 'string') return node.format === undefined ? 'text' : node.format;
  const { minimum, maximum } = node;
  return minimum === undefined || maximum === undefined ? type : `${type} ${minimum} to ${maximum}`;
}

function describeList({ items }: Node): string {
  const keys = readNode(items).flatMap(({ properties, required = [] }) =>
    Object.keys(properties ?? {}).map((key) => (required.includes(key) ? key : `${key}?`)),
  );
  return keys.length === 0 ? 'list of texts' : `JSON list of {${keys.join(', ')}}`;
}

/** The example as it is written in a command line: a PEM text is the content of a file. */
function listFlags(value: unknown, name: string): string[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.entries(value).flatMap(([key, inner]) =>
      listFlags(inner, name === '' ? key : `${name}.${key}`),
    );
  if (typeof value !== 'string')
    return [`--${name}`, Array.isArray(value) ? `'${JSON.stringify(value)}'` : String(value)];
  return [`--${name}`, value.startsWith('-----BEGIN') ? '@customer.csr' : value];
}
