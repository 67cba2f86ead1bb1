import fc from 'fast-check';

/** Texts that no parser expects. */
export const ODD_TEXTS = [
  ...[
    '',
    ' ',
    '\n',
    '\r\n',
    '\t',
    '\u0000',
    '\uFEFF',
    '\uD800',
    '🍓',
    '٣',
    'ａ',
    '=',
    ',',
    ':',
    ';',
    '"',
    "'",
    '\\',
    '%',
    '#',
    '*',
  ],
  ...[
    '0',
    '-1',
    '9',
    '10',
    '1e9',
    '99999999999999999999',
    '0x10',
    'NaN',
    'null',
    'true',
    '{}',
    '[]',
    '[[[[',
    '{"a":',
  ],
  ...[
    '__proto__',
    'constructor',
    '../../etc/passwd',
    'http://',
    'redis://',
    'https://a b',
    'x'.repeat(5000),
    '-----BEGIN',
  ],
  ...[
    '{"__proto__":1}',
    '2027-02-31',
    '*/0 * * * *',
    '61 * * * *',
    '-----BEGIN PRIVATE KEY-----',
    '[::1',
    '://',
    '@',
    '?',
  ],
];

interface Change {
  kind: 'insert' | 'cut' | 'replace' | 'repeat' | 'swap' | 'truncate' | 'reverse' | 'case';
  at: number;
  length: number;
  text: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(
    'insert',
    'insert',
    'cut',
    'replace',
    'replace',
    'repeat',
    'swap',
    'truncate',
    'reverse',
    'case',
  ),
  at: fc.nat(5000),
  length: fc.nat(12),
  text: fc.oneof(
    fc.constantFrom(...ODD_TEXTS),
    fc.string({ maxLength: 8 }),
    fc.string({ unit: 'binary', maxLength: 4 }),
  ),
});

function apply(text: string, { kind, at, length, text: odd }: Change): string {
  const start = at % (text.length + 1);
  const [head, middle, tail] = [
    text.slice(0, start),
    text.slice(start, start + length),
    text.slice(start + length),
  ];
  switch (kind) {
    case 'insert':
      return head + odd + middle + tail;
    case 'cut':
      return head + tail;
    case 'replace':
      return head + odd + tail;
    case 'repeat':
      return head + middle.repeat(2 + (at % 60)) + tail;
    case 'swap':
      return tail + middle + head;
    case 'truncate':
      return head;
    case 'reverse':
      return head + middle.split('').reverse().join('') + tail;
    case 'case':
      return at % 2 === 0 ? text.toUpperCase() : text.toLowerCase();
  }
}

/** A text out of the corpus with a few changes, or one of the odd ones. */
export function mutatedText(corpus: readonly string[]): fc.Arbitrary<string> {
  const mutated = fc
    .tuple(fc.constantFrom(...corpus), fc.array(change, { maxLength: 4 }))
    .map(([text, changes]) => changes.reduce(apply, text));
  return fc.oneof(
    { weight: 12, arbitrary: mutated },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_TEXTS) },
  );
}
