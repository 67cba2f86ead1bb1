import { z } from 'zod';

/*
 * The pieces that the schemas of answers are made of. Answers are strict about what matters (ids, success) and
 * tolerant of the rest: absent elements, extra attributes, padding, any case.
 */

/** A text; '' when absent. A leaf with attributes, or one that may repeat, gives its (first) text too. */
export const text = z.preprocess(readText, z.string());

/** A text, or null when absent or empty. */
export const textOrNull = text.transform((value) => (value === '' ? null : value));

/** A text in lower case: Namecheap writes `NewPurchase`, `newpurchase` and `NEWPURCHASE`. */
export const word = text.transform((value) => value.toLowerCase());

/** `true` in any case; anything else is false. */
export const flag = word.transform((value) => value === 'true');

/** `IsSuccess` of an answer that is believed: `true` in any case, nothing else. */
export const success = flag.pipe(z.literal(true));

/** An id: digits, not zero. */
export const id = text
  .pipe(z.string().regex(/^0*[1-9]\d{0,14}$/, 'is not an id above zero'))
  .transform(Number);

/** The id that the command named: an answer about another certificate is not the answer to it. */
export function sameId(named: number) {
  return id.refine((value) => value === named, 'is not the certificate that was named');
}

/** The id of a certificate that the command made, which cannot be the one it named. */
export function newId(named: number) {
  return id.refine((value) => value !== named, 'is the certificate that was named, not a new one');
}

/** An id, or null where Namecheap writes nothing, 0, or no number. */
export const idOrNull = text.transform((value) => (/^0*[1-9]\d{0,14}$/.test(value) ? Number(value) : null));

export const count = text.pipe(z.string().regex(/^\d{1,9}$/, 'is not a number')).transform(Number);

export const countOrNull = text.transform((value) => (/^\d{1,9}$/.test(value) ? Number(value) : null));

/** Money as a decimal string: amounts never become floating point. Only a balance may be negative. */
export const amount = text.pipe(z.string().regex(/^-?\d{1,12}(\.\d{1,6})?$/, 'is not an amount'));

/** An amount, or null when absent or empty. */
export const amountOrNull = text.transform((value, context) => {
  if (value === '') return null;
  const parsed = amount.safeParse(value);
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'is not an amount' });
  return z.NEVER;
});

/** `MM/DD/YYYY`, padded or not, as an ISO date; null when empty or impossible. Namecheap tells neither time nor zone. */
export const date = text.transform((value) => {
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4})\b/.exec(value);
  if (match === null) return null;
  const [, month = '', day = '', year = ''] = match;
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const time = Date.parse(`${iso}T00:00:00Z`);
  // Date.parse takes 02/31 for 03/03.
  return Number.isNaN(time) || !new Date(time).toISOString().startsWith(iso) ? null : iso;
});

/** An element. An empty or absent one has nothing in it; whether that is enough, its own fields say. */
export function element<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => (value === '' || value === undefined ? {} : value), z.object(shape));
}

/** All elements of one name, in order; absent is none. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.preprocess(wrapList, z.array(item));
}

function wrapList(value: unknown): unknown[] {
  if (value === undefined || value === '') return [];
  return Array.isArray(value) ? [...(value as unknown[])] : [value];
}

function readText(value: unknown): unknown {
  if (value === undefined) return '';
  if (Array.isArray(value)) return readText((value as unknown[])[0]); // Array.isArray gives any[].
  if (typeof value === 'object' && value !== null) return '#text' in value ? value['#text'] : '';
  // Attributes are trimmed by the parser; elements in CDATA keep their bytes.
  return value;
}
