import { expect } from 'vitest';
import type { AuditsResult } from '../../jobs/audit.js';
import type { AuditResult } from '../../src/certificates/audit.js';
import type { Play } from './play.js';

/** Audits the account of the module `default` at once. */
export async function runAudit(play: Play): Promise<AuditResult> {
  const end = await play.run('audit', { module: 'default' });
  if (end.kind !== 'done') throw new Error(`the audit ended with ${end.kind}: ${end.reason}`);
  const [audit] = (end.result as AuditsResult).audits;
  if (audit === undefined) throw new Error('nothing was audited');
  return audit;
}

/** An audit that finds nothing wrong and judges everything. */
export async function expectClean(play: Play): Promise<AuditResult> {
  const audit = await runAudit(play);
  expect(audit).toMatchObject({ differences: [], notJudged: [], isFailed: false });
  return audit;
}

/** Key of a hash of the account. */
export function nameHash(play: Play, what: string): string {
  const { store, work } = play.bench;
  return store.keys.account(work.account.id, what);
}

/** The differences that were announced, by event. */
export async function listAnnounced(play: Play): Promise<string[][]> {
  const events = (await play.readEvents()) as { type: string; data?: { differences: { id: string }[] } }[];
  return events
    .filter(({ type }) => type === 'account.audit-failed')
    .map(({ data }) => (data?.differences ?? []).map(({ id }) => id).sort());
}

/** Why purchases of the account are paused. */
export async function readPause(play: Play): Promise<string | null> {
  const { store, work } = play.bench;
  const pauses = await store.accounts.listPauses(work.account.id, play.now());
  return pauses.find(({ scope }) => scope === 'purchases')?.reason ?? null;
}
