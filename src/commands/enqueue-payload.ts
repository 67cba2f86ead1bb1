import { z } from 'zod';
import { InputError } from '../errors.js';
import type { JobDefinition } from '../job.js';
import type { Field } from './enqueue-words.js';

export type Payload = Record<string, unknown>;

const objectSchema = z.record(z.string(), z.unknown());

/** The part of JSON Schema that tells how a field is written in a command line. */
const nodeSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.unknown().optional(),
});
export type Node = z.infer<typeof nodeSchema>;

/** What a job takes, as a JSON Schema. */
export function readJobNode(schema: JobDefinition['schema']): Node {
  return nodeSchema.parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

/** The payload in a JSON text. @param label where it comes from @throws InputError */
export function parsePayload(text: string, label: string): Payload {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(
      [`${label} is not JSON: ${error instanceof Error ? error.message : String(error)}`],
      'The payload',
    );
  }
  if (!Array.isArray(value)) {
    const parsed = objectSchema.safeParse(value);
    if (parsed.success) return parsed.data;
  }
  throw new InputError([`${label} must be one JSON object, such as {"serviceId":"1001"}`], 'The payload');
}

/**
 * The payload with the fields of the command line in it. A text becomes a number, a truth value or a list only where
 * the job's schema has one: the service "1001" stays a text.
 * @param readFile reads the value of a field written as `@path`
 * @throws InputError with every fault.
 */
export async function addFields(
  definition: JobDefinition,
  base: Payload,
  fields: readonly Field[],
  readFile: (path: string, label: string) => Promise<string>,
): Promise<Payload> {
  const schema = readJobNode(definition.schema);
  const payload = structuredClone(base);
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { flag, path, text } of fields) {
    const types = findTypes(schema, path);
    const isRepeated = seen.size === seen.add(path.join('.')).size;
    if (isRepeated && !types.includes('array')) {
      faults.push(`${flag} is given twice`);
      continue;
    }
    const content = text.startsWith('@') ? await readFile(text.slice(1), flag) : text;
    setField(payload, path, (known) =>
      combine(isRepeated ? known : undefined, convert(content, types, flag, faults)),
    );
  }
  if (faults.length > 0) throw new InputError(faults, 'The command line');
  return payload;
}

/** The JSON types that a field may have; empty for one the schema does not know. */
function findTypes(schema: Node, path: readonly string[]): string[] {
  let nodes = [schema];
  for (const segment of path) {
    nodes = nodes.flatMap(listAlternatives).flatMap((node) => readNode(node.properties?.[segment]));
  }
  return nodes.flatMap(listAlternatives).flatMap(({ type = [] }) => type);
}

/** The node and what it may be instead. */
export function listAlternatives(node: Node): Node[] {
  return [node, ...(node.anyOf ?? []).flatMap(readNode)];
}

/** The node in a part of a schema; empty for what is none. */
export function readNode(value: unknown): Node[] {
  const parsed = nodeSchema.safeParse(value);
  return parsed.success ? [parsed.data] : [];
}

/** What is not what the schema wants stays a text: the schema's own message is the better one. */
function convert(text: string, types: readonly string[], flag: string, faults: string[]): unknown {
  const isNumber = types.includes('integer') || types.includes('number');
  if (isNumber && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  const isJson =
    (types.includes('array') && /^\s*\[/.test(text)) || (types.includes('object') && /^\s*\{/.test(text));
  if (isJson) return parseValue(text, flag, faults);
  if (!types.includes('array')) return text;
  return text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function parseValue(text: string, flag: string, faults: string[]): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    faults.push(`${flag} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function combine(known: unknown, value: unknown): unknown {
  return Array.isArray(known) && Array.isArray(value)
    ? [...(known as unknown[]), ...(value as unknown[])]
    : value;
}

/** Sets a nested field; objects on the way that are missing are made. */
function setField(
  payload: Payload,
  [first = '', ...rest]: readonly string[],
  change: (known: unknown) => unknown,
): void {
  if (rest.length === 0) {
    payload[first] = change(payload[first]);
    return;
  }
  const inner = objectSchema.safeParse(payload[first]).data ?? {};
  payload[first] = inner;
  setField(inner, rest, change);
}
