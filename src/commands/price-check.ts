import type { App } from '../app.js';
import {
  describeAmount,
  describeEntries,
  findPrice,
  type PriceAnswer,
  type PricedAction,
  type PriceList,
} from '../certificates/prices.js';
import { accountId, type ModuleRecord } from '../modules/settings.js';
import { askWorker } from './ask-worker.js';
import type { DryCheck } from './dry-check.js';
import { formatSpan } from './format.js';

/** A price list that is older is read anew, ms: a day, as the `prices` job has it. */
const FRESH_MS = 86_400_000;

/** How long a worker is waited for, ms. */
const WAIT_MS = 15_000;

/** The line for people, and the same for programs; `at`: when the list was read, ISO 8601. */
export interface PriceCheck extends DryCheck {
  price: { amount: string; currency: string | null; at: string } | null;
}

export interface PriceOptions {
  stop: AbortSignal;
  /** Told when a worker has to be waited for. */
  tell: (text: string) => void;
  /** How long a worker is waited for, ms. */
  timeoutMs?: number;
}

/**
 * What a purchase or renewal costs, by the account's price list: the kept one while it is fresh, else a worker is
 * asked to read it. `ok` in any case: a price that is not known, or years that are not listed, are no fault of the
 * payload, and Namecheap has the last word.
 */
export async function describePrice(
  app: App,
  module: ModuleRecord,
  type: string,
  action: PricedAction,
  years: number,
  options: PriceOptions,
): Promise<PriceCheck> {
  const { list, now, problem } = await loadFreshList(app, module, options);
  if (list === null) return composeCheck(`not known: ${problem ?? 'there is no price list'}`, null);
  const answer = findPrice(list, type, action, years);
  const source = `price list read ${formatSpan(now - list.at)} ago`;
  const found = describeAnswer(answer, type, years, source);
  if (problem !== null) return composeCheck(`not known now: ${problem} Before: ${found}`, null);
  const at = new Date(list.at).toISOString();
  const price = answer.kind === 'listed' ? { amount: answer.amount, currency: answer.currency, at } : null;
  return composeCheck(found, price);
}

function composeCheck(detail: string, price: PriceCheck['price']): PriceCheck {
  return { check: 'price', ok: true, detail, price };
}

/** `problem`: null, or why the list is missing or old. Ages are by Redis's clock, which all machines share. */
async function loadFreshList(
  app: App,
  module: ModuleRecord,
  { stop, tell, timeoutMs = WAIT_MS }: PriceOptions,
): Promise<{ list: PriceList | null; now: number; problem: string | null }> {
  const { prices, listings } = app.store;
  const kept = await prices.load(accountId(module));
  const now = await listings.readClock();
  if (kept !== null && now - kept.at < FRESH_MS) return { list: kept, now, problem: null };
  tell(`asking a worker for the price list (up to ${timeoutMs / 1000} s)`);
  const payload = { module: module.name };
  const question = { job: 'prices', payload, what: 'The reading of the price list', timeoutMs };
  const answer = await askWorker(app, question, stop);
  if (answer.kind === 'unanswered') return { list: kept, now, problem: answer.reason };
  const list = await prices.load(accountId(module));
  return { list, now: await listings.readClock(), problem: null };
}

function describeAnswer(answer: PriceAnswer, type: string, years: number, source: string): string {
  const term = years === 1 ? '1 year' : `${years} years`;
  switch (answer.kind) {
    case 'listed': {
      const { amount, currency, name, others } = answer;
      const differing = others.length === 0 ? '' : `, but ${describeEntries(others)}`;
      return `${describeAmount(amount, currency)} for ${term} as ${name}${differing} (${source})`;
    }
    case 'not-sold':
      return `${type} is not listed for ${term}, only for ${answer.years.join(', ')}: Namecheap would probably refuse it (${source})`;
    case 'unknown':
      return `not known: ${answer.reason} (${source})`;
  }
}
