import { CERTIFICATE_ROWS } from './error-rows-ssl.js';
import { CONNECTION_ROWS, type Refusal, type RowGroup } from './error-rows.js';
import type { ApiFault, ErrorClass } from './errors.js';

/** What one error of the API means. */
export interface ErrorRow {
  errorClass: ErrorClass;
  refusal: Refusal;
  meaning: string;
  /** What to do next, a sentence. */
  remedy: string;
  /** The command of which it proves an earlier success, on that command only. */
  provesEarlier?: string;
}

/** The same number with another text means something else: the first pattern that fits wins, else the number's row. */
const TEXT_RULES: ReadonlyMap<number, readonly { pattern: RegExp; row: ErrorRow }[]> = new Map([
  [
    2528166,
    [
      rule(/INSUFFICIENT\s*FUNDS/i, {
        errorClass: 'funds',
        refusal: 'all',
        meaning: 'the balance is too low',
        remedy: 'Add funds to the Namecheap account; the purchase is repeated by itself.',
      }),
    ],
  ],
  [
    2013900,
    [
      // The create command has its own sentence in the table; the activation says which field is too long.
      rule(/too long/i, {
        errorClass: 'input',
        refusal: 'all',
        meaning: 'a field is too long',
        remedy: 'Shorten the field that Namecheap names, then run the same again.',
      }),
    ],
  ],
  [
    3011295,
    [
      rule(/error from certificate provider/i, {
        errorClass: 'unclear',
        refusal: 'none',
        meaning: 'the provider answered with an error',
        remedy: 'Look at the certificate (ssl.getInfo), repeat once, then ask Namecheap support.',
      }),
    ],
  ],
  [
    4011294,
    [
      rule(/expire\s?date|days to expire|renew/i, {
        errorClass: 'state',
        refusal: 'none',
        meaning: 'the certificate cannot be renewed now',
        remedy: 'Renew within the renewal window of the paid term.',
      }),
      rule(/invalid|not valid/i, {
        errorClass: 'input',
        refusal: 'submit',
        meaning: 'the certificate id is invalid',
        remedy: 'Correct the certificate id.',
      }),
    ],
  ],
  [
    4011331,
    [
      rule(/unable to update/i, {
        errorClass: 'unclear',
        refusal: 'none',
        meaning: 'the validation could not be stored',
        remedy: 'Look at the certificate (ssl.getInfo), then repeat.',
      }),
      rule(/\bin\s+progress\b/i, {
        errorClass: 'state',
        // An earlier reissue was accepted: a repeat could only replace it by another one.
        refusal: 'none',
        provesEarlier: 'namecheap.ssl.reissue',
        meaning: 'a reissue of the certificate is in progress',
        remedy:
          'An earlier reissue was accepted: follow ReplacedBy (ssl.getInfo), and do not submit it again.',
      }),
    ],
  ],
]);

function rule(pattern: RegExp, row: ErrorRow): { pattern: RegExp; row: ErrorRow } {
  return { pattern, row };
}

const ROWS: ReadonlyMap<number, ErrorRow> = new Map(
  [...CONNECTION_ROWS, ...CERTIFICATE_ROWS].flatMap(expand),
);

function expand({ rows, ...common }: RowGroup): [number, ErrorRow][] {
  return Object.entries(rows).flatMap(([key, meaning]) => {
    const [first = 0, last = first] = key.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index): [number, ErrorRow] => [
      first + index,
      { ...common, meaning },
    ]);
  });
}

/** True when the number is documented, so that {@link findErrorRow} knows more than its anatomy. */
export function isKnownNumber(number: number): boolean {
  return ROWS.has(number);
}

/** What a fault means: by number and text, else by the number's anatomy. Never fails. */
export function findErrorRow(fault: ApiFault): ErrorRow {
  const special = TEXT_RULES.get(fault.number)?.find(({ pattern }) => pattern.test(fault.text));
  return special?.row ?? ROWS.get(fault.number) ?? guessRow(fault.number);
}

/** Kinds of refusal in the anatomy: missing, invalid, mismatch, too long, duplicate, format, not found, unsupported. */
const INPUT_KINDS: ReadonlySet<string> = new Set(['010', '011', '012', '013', '014', '015', '019', '030']);

/**
 * The anatomy that all documented numbers share: the first of seven digits is the layer (1 authentication,
 * 2 validation, 3 provider, 4 data, 5 unhandled), the next three the kind. It is inferred, so it never proves that
 * nothing was executed.
 */
function guessRow(number: number): ErrorRow {
  const digits = String(number);
  const isRegular = digits.length === 7;
  const layer = isRegular ? digits.charAt(0) : '';
  const kind = digits.slice(1, 4);
  const meaning = 'this number is not documented';
  const common = { refusal: 'none', meaning } as const;
  if (layer === '1')
    return {
      ...common,
      errorClass: 'config',
      remedy: 'Check the credentials and the API access of the Namecheap account.',
    };
  if (layer === '2' && INPUT_KINDS.has(kind))
    return {
      ...common,
      errorClass: 'input',
      remedy: 'Correct the value that Namecheap names, or ask its support.',
    };
  return {
    ...common,
    errorClass: 'transient',
    remedy: 'It may be tried again later; if it stays, ask Namecheap support with the number.',
  };
}
