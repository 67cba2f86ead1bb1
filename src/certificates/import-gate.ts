import type { ListRow } from '../namecheap/api.js';
import { tellProblem } from './import-heads.js';
import type { ImportWork } from './import-ports.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';
import { describeRow } from './survey.js';

/** Rows that one script notes: it must not hold Redis up. */
const BATCH = 500;

/** What the account is compared on, told before its list is read; an emptied database is known as such from here on. */
export async function beginComparison({ gates, listings, account }: ImportWork) {
  await gates.look(account.id, '', '');
  return { server: await gates.readServer(), startedAt: await listings.readClock() };
}

/**
 * The books were compared with the whole account, at a person's wish: purchases go on, unless there are certificates that
 * only a person can assign. An import that was begun on another Redis has compared nothing.
 */
export async function endComparison(run: ImportRun, rows: readonly ListRow[]): Promise<Outcome[]> {
  const { gates, account } = run.work;
  const { comparison } = run.plan;
  for (let from = 0; from < rows.length; from += BATCH)
    await gates.noteRows(account.id, account.module, rows.slice(from, from + BATCH).map(describeRow), null);
  if (comparison !== undefined) await gates.finish(account.id, { ...comparison, isByPerson: true });
  const state = await gates.look(account.id, '', '');
  if (state.kind !== 'undecided') return [];
  return state.certificateIds.map((id) =>
    tellProblem(
      null,
      id,
      `Certificate ${id} is bought and not activated, and our books do not know it: it may be ours, from before data was lost. Nothing is bought in this account until it is said whose it is: stock mark ${id} --ours, or --foreign`,
    ),
  );
}
