import type { Exchange } from '../namecheap/exchange.js';
import { redact } from '../redact.js';
import type { Level, Logger } from './logger.js';

const COMPONENT = 'namecheap';

const ERRORS: Level = 3;
const REQUESTS: Level = 5;
const BODIES: Level = 9;

/** What tells one call from another; the rest stands in the level 9 lines. Namecheap ignores case in names. */
const KEY_PARAMETERS: ReadonlySet<string> = new Set(
  [
    'CertificateID',
    'Type',
    'SSLType',
    'CertificateType',
    'Years',
    'SANStoADD',
    'NumberOfSANSToAdd',
    'DomainName',
  ]
    .concat(['ListType', 'SearchTerm', 'Page', 'PageSize', 'ProductName', 'ActionName'])
    .map((name) => name.toLowerCase()),
);

const LONGEST_VALUE = 80;

function summarize(exchange: Exchange, subject: string | undefined): string {
  const { command, outcome, httpStatus, durationMs, userName, parameters } = exchange;
  const keys = Object.entries(parameters)
    .filter(([name]) => KEY_PARAMETERS.has(name.toLowerCase()))
    .map(([name, value]) => ` ${name}=${value.slice(0, LONGEST_VALUE)}`);
  const status = httpStatus === null ? 'no answer' : `HTTP ${httpStatus}`;
  return `${command} ${outcome}, ${status}, ${Math.round(durationMs)} ms, account ${userName}${subject === undefined ? '' : ` service ${subject}`}${keys.join('')}`;
}

/**
 * Logs one exchange with Namecheap: a line at level 5 (3 when it did not go well) with the command, outcome, HTTP
 * status, duration and key parameters, and what it was for; at level 9 also everything that was sent and received.
 */
export function logExchange(logger: Logger, exchange: Exchange, subject?: string): void {
  logger.log(exchange.outcome === 'OK' ? REQUESTS : ERRORS, COMPONENT, redact(summarize(exchange, subject)));
  if (!logger.isEnabled(BODIES, COMPONENT)) return;
  const { command, endpoint, parameters, answer } = exchange;
  logger.log(BODIES, COMPONENT, redact(`${command} to ${endpoint}: ${JSON.stringify(parameters)}`));
  logger.log(BODIES, COMPONENT, redact(`${command} answer: ${answer ?? 'none'}`));
}
