import { WaitError } from '../errors.js';
import { describeClosed, openGate } from './gate.js';
import type { AccountWork } from './ports.js';
import { surveyAccount } from './survey.js';

/** While a person must decide, an audit looks again with its own rhythm; this is only the least, ms. */
const CLOSED_MS = 600_000;

/**
 * Brings up to date which names are live at Namecheap: newest purchases back to the last survey, one call as a rule. After
 * a restart of Redis the books are compared before the next purchase has to wait for it. An account that nothing was
 * bought in yet is read at its first purchase.
 * @throws WaitError while only a person can decide; NamecheapError.
 */
export async function surveyForAudit(work: AccountWork): Promise<void> {
  const { account, gates } = work;
  const before = await gates.look(account.id, '', '');
  if (before.kind === 'unread' && !before.isLoss) return;
  // There is no record whose lease could run out.
  const bound = { ...work, keepLease: () => Promise.resolve() };
  const state = await openGate(bound, { commonName: '', serviceId: '' }, work.now());
  if (state.kind !== 'open') throw new WaitError(describeClosed(state, account.module), CLOSED_MS);
  if (before.kind !== 'open') return;
  const survey = await surveyAccount(bound, state.since, bound.keepLease);
  await gates.finish(account.id, { ...survey, isByPerson: false });
}
