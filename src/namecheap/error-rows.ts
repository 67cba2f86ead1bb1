import type { ErrorClass } from './errors.js';

/**
 * Which commands are surely not executed when Namecheap answers with the number: `all` for its checks of credentials
 * and parameters, which come before anything else; `submit` for refusals that only activate and reissue know;
 * `none` for everything that may come after the act. Only `all` and `submit` can make an outcome `not-made`.
 */
export type Refusal = 'all' | 'submit' | 'none';

/** Numbers that mean the same to us and to the person who reads the message. */
export interface RowGroup {
  errorClass: ErrorClass;
  refusal: Refusal;
  /** What to do next, a sentence. */
  remedy: string;
  /** The command of which these prove an earlier success; then `refusal` must be `none`. */
  provesEarlier?: string;
  /** Number or `first-last` → what it means, where Namecheap's own text may be missing. */
  rows: Readonly<Record<string, string>>;
}

const ACCESS =
  'Check API user, user name and API key of the module, and that API access is switched on in the account (Profile > Tools > API Access).';

/** Errors of the connection: "Error codes" of the API documentation, and the two signs of throttling. */
const CONNECTION: readonly RowGroup[] = [
  {
    errorClass: 'config',
    refusal: 'all',
    remedy: ACCESS,
    rows: {
      1010101: 'ApiUser is missing',
      1010102: 'ApiKey is missing',
      1010104: 'Command is missing',
      1010105: 'ClientIP is missing',
      1011102: 'the API key is invalid or API access is not enabled',
      1011105: 'ClientIP is invalid',
      1016103: 'the user name is not authorized',
      1017101: 'the API user is disabled or locked',
      1017103: 'the user name is disabled or locked',
      1017105: 'ClientIP is disabled or locked',
      1019103: 'the user name is not available',
      1030408: 'unsupported type of authentication',
    },
  },
  {
    errorClass: 'config',
    refusal: 'all',
    remedy: 'Settle the payment problem or the lock in the Namecheap account; calls pause until then.',
    rows: { 1017410: 'too many declined payments', 1017411: 'too many login attempts' },
  },
  {
    errorClass: 'address',
    refusal: 'all',
    remedy:
      "Add this worker's public IPv4 address to the allow-list of the Namecheap account (Profile > Tools > API Access), or start the worker where it is listed.",
    rows: {
      1011150: "this worker's address is not allow-listed",
      1017150: "this worker's address is locked",
    },
  },
  {
    errorClass: 'config',
    refusal: 'none',
    remedy: ACCESS,
    rows: {
      2010335: 'the password is missing',
      2011335: 'the password does not match',
      2013410: 'the login is refused',
      2017166: 'the user is locked',
      2017289: 'the user is locked or disabled',
      2032409: 'the authentication phase failed',
      2033409: 'the user to be charged was not found',
      4011103: 'access denied, or the user is not available',
    },
  },
  {
    errorClass: 'throttle',
    // Not `all`: only HTTP 405 is known to come before the command is looked at.
    refusal: 'none',
    remedy: 'The account rests for a while; nothing needs to be done.',
    rows: { 500000: 'too many requests' },
  },
  {
    errorClass: 'transient',
    refusal: 'all',
    remedy: 'It may be tried again later.',
    rows: { 1050900: 'unknown error while the API user was checked' },
  },
];

/** Errors of ssl.create, ssl.renew and ssl.purchasemoresans that other commands do not have. */
const PURCHASE: readonly RowGroup[] = [
  {
    errorClass: 'input',
    refusal: 'all',
    remedy: 'Correct type, years, number of names or promotion code, then order again.',
    rows: {
      2010167: 'the number of years is missing',
      2010298: 'the product type is missing',
      2010301: 'the product type is missing',
      2011167: 'the number of years is invalid',
      2011170: 'the promotion code is invalid',
      2011298: 'the product type is invalid',
      2011900: 'the number of additional names is invalid',
      2012301: 'the product type does not match the certificate',
      2013167: 'the number of years is out of range',
      2013170: 'the promotion code is too long',
      2013301: 'the product type is too long',
      2013900: 'the number of additional names is out of range',
      2015167: 'too many years',
      4080167: 'this number of years is not sold',
    },
  },
  {
    errorClass: 'state',
    // It refuses this renewal because an earlier one was paid: taken for "not made" it would buy the next one.
    refusal: 'none',
    provesEarlier: 'namecheap.ssl.renew',
    remedy:
      'An earlier renewal succeeded: look for the new certificate in the list NewRenewal, and do not renew again.',
    rows: { 4028294: 'the certificate is already queued for renewal' },
  },
  {
    errorClass: 'unclear',
    refusal: 'none',
    remedy: 'Compare the list of certificates and the balance before it is bought again.',
    rows: {
      2528166: 'the order could not be created',
      3028301: 'the purchase failed at the provider',
      4011299: 'the purchase was submitted twice',
    },
  },
];

/** Failures that say nothing about what was done. */
const PASSING: readonly RowGroup[] = [
  {
    errorClass: 'transient',
    refusal: 'none',
    remedy: 'It may be tried again later; if it stays, ask Namecheap support.',
    rows: {
      3022295: 'the approver email addresses could not be read',
      3022296: 'the validation details could not be made or read',
      3022334: 'the fulfilment email could not be sent',
      3050900: 'unknown error of the provider',
      4022312: 'the balance could not be read',
      5019169: 'unknown error of the server',
      5050169: 'unknown error of the server',
      5050900: 'unhandled error of the server',
    },
  },
];

export const CONNECTION_ROWS: readonly RowGroup[] = [...CONNECTION, ...PURCHASE, ...PASSING];
