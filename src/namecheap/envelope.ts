import { z } from 'zod';
import { redact } from '../redact.js';
import { AnswerError } from './answer-error.js';
import type { ApiFault } from './errors.js';
import { element, list, text, word } from './fields.js';
import { parseXml, type XmlElement } from './xml.js';

/** Longer texts are HTML or a stack trace; the exchange log has them in full. */
const MAX_FAULT_LENGTH = 500;

/** What every answer of the API has around its result ("Introduction" of the API documentation). */
export interface Envelope {
  /** True for `Status="OK"` only. */
  isOk: boolean;
  faults: ApiFault[];
  warnings: ApiFault[];
  /** Lower case; '' when Namecheap left it out, as errors of the authentication stage do. */
  requestedCommand: string;
  /** `CommandResponse@Type`, lower case; '' when there is none. */
  responseType: string;
  /** `CommandResponse`, to be parsed by the command's schema. */
  response: unknown;
}

const faultList = (name: 'error' | 'warning') =>
  element({ [name]: list(z.unknown().transform(readFault)) }).transform((parent) => parent[name] ?? []);

/** An answer that names two commands is nobody's. */
const once = z
  .unknown()
  .refine((value) => !Array.isArray(value))
  .pipe(word);

const envelopeSchema = z.object({
  '@status': word.pipe(z.enum(['ok', 'error'])),
  errors: faultList('error'),
  warnings: faultList('warning'),
  requestedcommand: once,
  commandresponse: z.unknown().optional(),
});

const typeSchema = element({ '@type': word });

/**
 * Reads an answer's envelope. Missing or https `xmlns`, an empty RequestedCommand and an ERROR without any Error
 * element are Namecheap's own variants, and accepted.
 * @throws AnswerError when it is no API answer.
 */
export function readEnvelope(answer: string): Envelope {
  const root: XmlElement = parseXml(answer);
  const parsed = envelopeSchema.safeParse(root['apiresponse']);
  if (!parsed.success) throw new AnswerError('the answer is XML, but not an ApiResponse with a Status');
  const { '@status': status, errors, warnings, requestedcommand, commandresponse } = parsed.data;
  const type = typeSchema.safeParse(commandresponse);
  if (!type.success) throw new AnswerError('the answer has more than one CommandResponse');
  return {
    isOk: status === 'ok',
    faults: errors,
    warnings,
    requestedCommand: requestedcommand,
    responseType: type.data['@type'],
    response: commandresponse,
  };
}

const numberSchema = element({ '@number': text }).catch({ '@number': '' });

/** An error whose number cannot be read gets 0, which no table knows: it stays an error, of the safest class. */
function readFault(value: unknown): ApiFault {
  const { '@number': digits } = numberSchema.parse(value);
  const said = text.catch('').parse(value).replace(/\s+/g, ' ').trim().slice(0, MAX_FAULT_LENGTH);
  return { number: /^\d{1,9}$/.test(digits) ? Number(digits) : 0, text: redact(said) };
}

/**
 * True when the answer carries an id or an amount that a refused purchase would not have: recorded refusals are
 * zero-filled, and one of them had an OrderID. Looks at the raw text, so it also works on what cannot be parsed.
 */
export function hasTraceOfPurchase(answer: string): boolean {
  const traces = answer.matchAll(
    /\b(?:orderid|transactionid|chargedamount|certificateid)\b[^=<>]{0,20}[=>]\s*(?:"'?|'"?|<!\[cdata\[)?\s*([^"'<>\]\s]*)/gi,
  );
  for (const [, value = ''] of traces) {
    if (!/^[0.]*$/.test(value)) return true;
  }
  return /\bissuccess\s*=\s*["']\s*true/i.test(answer);
}

/**
 * True when a result's `ID` is neither zero nor the certificate that the command named (null: it named none): refusals
 * echo that one, or zero, so any other is what the command made, such as the certificate of a reissue. Looks at the
 * raw text too, but only at results: a page has ids of its own.
 */
export function hasTraceOfNewCertificate(answer: string, namedId: string | null): boolean {
  const traces = answer.matchAll(
    /<(?:[\w.-]+:)?\w*result\b[^<>]*?[\s"']id\s*=\s*["']([^"'<>]*)|<(?:[\w.-]+:)?id\s*>([^<]*)/gi,
  );
  for (const [, attribute, element = ''] of traces) {
    const value = (attribute ?? element).trim().replace(/^0+/, '');
    if (value !== '' && value !== namedId) return true;
  }
  return false;
}
