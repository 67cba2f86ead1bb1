import fc from 'fast-check';

/** Values that are wrong somewhere: of the wrong type, huge, empty, with entities, or right in another place. */
export const ODD_VALUES = [
  ...['', ' ', '0', '-1', '00', '0.0000', '1e999', '99999999999999999999999', '1.5', '1,5', 'NaN', 'null'],
  ...[
    'true',
    'TRUE',
    'false',
    'OK',
    'ERROR',
    '٣',
    'ａ',
    '\u0000',
    '\u0085',
    '\uFFFD',
    '\u{1F353}',
    '__proto__',
  ],
  ...[
    '&#49;',
    '&#x31;2',
    '&lt;',
    '&nbsp;',
    '&constructor;',
    '&#0;',
    '&#x110000;',
    '&',
    '<',
    '>',
    '"',
    "'",
    ']]>',
  ],
  ...[
    '5550101',
    '5550201',
    '005550101',
    ' 5550101 ',
    '7310021',
    '12.8800',
    '-12.88',
    '02/31/2026',
    '99/99/9999',
  ],
  ...['2011301', '1011102', '2528166', '4028294', '4011331', '500000', '0', '2011301x', 'x'.repeat(2000)],
  ...['namecheap.ssl.create', 'namecheap.ssl.renew', 'NAMECHEAP.SSL.CREATE', '2026-11-24', '[]', '{}'],
];

const TAG = /<[^<>]*>/g;
const ATTRIBUTE = /\s([^\s<>="'/]+)=("[^"<>]*"|'[^'<>]*')/g;

/** One change: which kind, where (taken modulo what there is), and with what. */
interface Change {
  kind: keyof typeof CHANGES;
  at: number;
  other: number;
  value: string;
  donor: string;
}

function spanOf(text: string, at: number): { start: number; end: number } | null {
  const tags = [...text.matchAll(TAG)];
  const starts = tags.filter(([tag]) => /^<[^/?!]/.test(tag));
  const start = starts[at % Math.max(1, starts.length)];
  if (start === undefined) return null;
  if (start[0].endsWith('/>')) return { start: start.index, end: start.index + start[0].length };
  let depth = 0;
  for (const { 0: tag, index } of tags) {
    if (index < start.index || /^<[?!]/.test(tag) || tag.endsWith('/>')) continue;
    depth += tag.startsWith('</') ? -1 : 1;
    if (depth === 0) return { start: start.index, end: index + tag.length };
  }
  return { start: start.index, end: start.index + start[0].length };
}

function pick(text: string, pattern: RegExp, at: number): RegExpExecArray | undefined {
  const found = [...text.matchAll(pattern)];
  return found[at % Math.max(1, found.length)];
}

function splice(text: string, start: number, end: number, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

function replace(text: string, match: RegExpExecArray | undefined, replacement: string): string {
  return match === undefined ? text : splice(text, match.index, match.index + match[0].length, replacement);
}

const CHANGES = {
  dropElement: (text: string, { at }: Change) => {
    const span = spanOf(text, at);
    return span === null ? text : splice(text, span.start, span.end, '');
  },
  repeatElement: (text: string, { at }: Change) => {
    const span = spanOf(text, at);
    return span === null ? text : splice(text, span.end, span.end, text.slice(span.start, span.end));
  },
  swapElement: (text: string, { at, other, donor }: Change) => {
    const [span, from] = [spanOf(text, at), spanOf(donor, other)];
    return span === null || from === null
      ? text
      : splice(text, span.start, span.end, donor.slice(from.start, from.end));
  },
  renameElement: (text: string, { at, other, donor }: Change) => {
    const name = pick(donor, /<([^\s<>/?!]+)/g, other)?.[1] ?? 'x';
    const old = pick(text, /<([^\s<>/?!]+)/g, at)?.[1];
    return old === undefined
      ? text
      : text.replaceAll(`<${old}`, `<${name}`).replaceAll(`</${old}>`, `</${name}>`);
  },
  dropAttribute: (text: string, { at }: Change) => replace(text, pick(text, ATTRIBUTE, at), ''),
  repeatAttribute: (text: string, { at }: Change) => {
    const match = pick(text, ATTRIBUTE, at);
    return match === undefined ? text : replace(text, match, match[0] + match[0]);
  },
  renameAttribute: (text: string, { at, other, donor }: Change) => {
    const match = pick(text, ATTRIBUTE, at);
    const name = pick(donor, ATTRIBUTE, other)?.[1] ?? '__proto__';
    return match === undefined ? text : replace(text, match, ` ${name}=${match[2] ?? '""'}`);
  },
  setAttribute: (text: string, { at, value }: Change) => {
    const match = pick(text, ATTRIBUTE, at);
    return match === undefined ? text : replace(text, match, ` ${match[1] ?? 'x'}="${value}"`);
  },
  setText: (text: string, { at, value }: Change) => replace(text, pick(text, />[^<>]*</g, at), `>${value}<`),
  insertMarkup: (text: string, { at, other }: Change) => {
    const markup = [
      ...[
        '<!-- OrderId="1" -->',
        '<![CDATA[x]]>',
        '<?php evil ?>',
        '<!DOCTYPE a [<!ENTITY b "c">]>',
        '<x/>',
        '</x>',
      ],
      ...[
        '<Error Number="2011301">no</Error>',
        '<Error/>',
        '<Errors><Error Number="2528166"/></Errors>',
        '&b;',
      ],
      ...['<CommandResponse/>', '<ID>7</ID>', '<__proto__ a="1"/>', '<constructor/>', '<a:b:c/>', 'tail'],
    ][other % 16];
    const { index = 0 } = pick(text, /</g, at) ?? {};
    return splice(text, index, index, markup ?? '');
  },
  flipStatus: (text: string) =>
    text.includes('Status="OK"')
      ? text.replace('Status="OK"', 'Status="ERROR"')
      : text.replace('Status="ERROR"', 'Status="OK"'),
  nest: (text: string, { at, other }: Change) => {
    const span = spanOf(text, at);
    if (span === null) return text;
    const depth = other % 60;
    const inner = text.slice(span.start, span.end);
    return splice(text, span.start, span.end, '<a>'.repeat(depth) + inner + '</a>'.repeat(depth));
  },
  changeCase: (text: string, { at }: Change) => (at % 2 === 0 ? text.toLowerCase() : text.toUpperCase()),
  truncate: (text: string, { at }: Change) => text.slice(0, at % (text.length + 1)),
  cutOut: (text: string, { at, other }: Change) => {
    const start = at % (text.length + 1);
    return splice(text, start, start + 1 + (other % 40), '');
  },
  insertText: (text: string, { at, value }: Change) => {
    const start = at % (text.length + 1);
    return splice(text, start, start, value);
  },
  swapWhole: (_text: string, { donor }: Change) => donor,
} satisfies Record<string, (text: string, change: Change) => string>;

const KINDS = Object.keys(CHANGES) as (keyof typeof CHANGES)[]; // Object.keys gives string[].

/** A text out of the corpus with up to five changes that know what XML is. */
export function mutatedXml(corpus: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    kind: fc.constantFrom(...KINDS),
    at: fc.nat(5000),
    other: fc.nat(5000),
    value: fc.oneof(fc.constantFrom(...ODD_VALUES), fc.string({ maxLength: 12 })),
    donor: fc.constantFrom(...corpus),
  });
  return fc
    .tuple(fc.constantFrom(...corpus), fc.array(change, { minLength: 1, maxLength: 5 }))
    .map(([text, changes]) => changes.reduce((present, one) => CHANGES[one.kind](present, one), text));
}

/** The same as bytes, some of them changed so that they are UTF-8 no more, with or without a byte order mark. */
export function mutatedBytes(texts: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const damage = fc.record({
    at: fc.nat(10_000),
    byte: fc.constantFrom(0, 0x80, 0xc0, 0xed, 0xf8, 0xff, 0x3c, 0x22),
  });
  const mark = fc.constantFrom('', '', '', '\uFEFF', '\uFFFE');
  return fc.tuple(mark, texts, fc.array(damage, { maxLength: 2 })).map(([head, text, damages]) => {
    const bytes = Buffer.from(head + text, 'utf8');
    for (const { at, byte } of damages) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });
}
