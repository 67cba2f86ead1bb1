import fc from 'fast-check';

/** Values that a program in another language, a form or a bug may send. */
const ODD: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e21, 2 ** 53, Number.NaN, Infinity, '', ' ', '1', '1001', '-1', '1e3'],
  ...[
    'x'.repeat(300),
    'x'.repeat(40_000),
    '\u0000',
    '\uD800',
    '🍓',
    'ａ',
    'a/b',
    '../..',
    'a b',
    'a,b',
    '*.example.com',
  ],
  ...[
    '2027-02-31',
    '2027-11-22',
    '2027-11-22T00:00:00Z',
    '0000-00-00',
    '+275760-09-14',
    'PositiveSSL',
    'order',
  ],
  ...[
    [],
    {},
    [[]],
    [null],
    { a: 1 },
    ['a', 'a'],
    Array.from({ length: 300 }, (_, index) => `n${index}.example.com`),
  ],
  ...['xn--a', 'a..b', 'admin@', '@example.com', 'a@b@c', 'nc-1', '__proto__', 'constructor', 'toString'],
  ...['-----BEGIN CERTIFICATE REQUEST-----', '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----'],
];

/** JSON of any shape, some of it with names that objects have by themselves. */
export const oddJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...ODD),
  fc.jsonValue({ maxDepth: 4 }),
  fc
    .constantFrom('{"__proto__":{"serviceId":"1"}}', '{"constructor":1,"serviceId":"1001"}')
    .map((text): unknown => JSON.parse(text)),
);

interface Change {
  kind: 'drop' | 'set' | 'rename' | 'add' | 'wrap' | 'deepen';
  at: number;
  value: unknown;
  name: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('drop', 'set', 'set', 'set', 'rename', 'add', 'wrap', 'deepen'),
  at: fc.nat(200),
  value: oddJson,
  name: fc.constantFrom(
    'serviceid',
    'Type',
    'x',
    'years ',
    '',
    '__proto__',
    'constructor',
    'csr',
    'open',
    'a.b',
    '0',
  ),
});

/** Every place of a value, as a path. */
function listPaths(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, child]) => listPaths(child, [...path, key]))];
}

function alter(value: unknown, path: readonly string[], act: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return act(value);
  if (Array.isArray(value))
    return value.map((one: unknown, index) => (String(index) === key ? alter(one, rest, act) : one));
  const entries = Object.entries(value as object); // a path leads through objects only
  return Object.fromEntries(entries.map(([name, one]) => [name, name === key ? alter(one, rest, act) : one]));
}

/** Calls a field differently; without a new name it is left out. */
function rename(value: unknown, path: readonly string[], name: string | null): unknown {
  const key = path.at(-1);
  if (key === undefined) return value;
  return alter(value, path.slice(0, -1), (parent) => {
    const entries = Object.entries(parent as object).filter(([old]) => old !== key || name !== null);
    return Object.fromEntries(entries.map(([old, one]) => [old === key ? (name ?? old) : old, one]));
  });
}

function apply(value: unknown, { kind, at, value: odd, name }: Change): unknown {
  const paths = listPaths(value);
  const path = paths[at % paths.length] ?? [];
  switch (kind) {
    case 'drop':
      return rename(value, path, null);
    case 'rename':
      return rename(value, path, name);
    case 'set':
      return alter(value, path, () => odd);
    case 'add':
      return alter(value, path, (old) => (typeof old === 'object' ? { ...old, [name]: odd } : old));
    case 'wrap':
      return alter(value, path, (old) => [old]);
    case 'deepen':
      return alter(value, path, (old) => {
        let deep = old;
        for (let depth = 0; depth < 200; depth++) deep = { a: deep };
        return deep;
      });
  }
}

/** One of the corpus with a few changes. */
export function mutatedJson(corpus: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...corpus), fc.array(change, { maxLength: 3 }))
    .map(([value, changes]) => changes.reduce(apply, value));
}
