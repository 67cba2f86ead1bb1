import type { CertificateRecord } from '../../src/certificates/record.js';
import type { ImportResult } from '../../src/certificates/import-result.js';
import type { Ledger } from './system.js';
import type { Play, Run } from './play.js';

/** Everything that is known is lost, but the modules. */
export async function loseData(play: Play): Promise<void> {
  const { redis, keys } = play.bench.store;
  const prefix = keys.open.slice(0, -'open'.length);
  const all = await redis.keys(`${prefix.replace(/[[\]*?\\]/g, '\\$&')}*`);
  const lost = all.filter((key) => !key.startsWith(keys.modules) && !key.startsWith(keys.module('')));
  if (lost.length > 0) await redis.del(...lost);
}

/** Runs the job until it ends. @throws Error unless it completes. */
export async function importNow(
  play: Play,
  payload: Readonly<Record<string, unknown>> = {},
  jobId?: string,
): Promise<ImportResult> {
  const end: Run = await play.run('import', payload, jobId);
  if (end.kind !== 'done') throw new Error(`the import ended with ${end.kind}: ${end.reason}`);
  return end.result as ImportResult;
}

export async function readSandbox(play: Play): Promise<Ledger> {
  const answer = await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/_ledger`);
  return (await answer.json()) as Ledger;
}

/** What an import rebuilds of a record: everything but what only our own purchase and history tell. */
export function describeCertificate(record: CertificateRecord) {
  const { status, operation, type, years, commonName, sans, certificateId, certificateIds } = record;
  const { issuedAt, endDate, paidTill, termEnd, sansAdded } = record;
  return {
    ...{ status, operation, type, years, commonName, sans, certificateId, certificateIds },
    ...{ issuedAt, endDate, paidTill, termEnd, sansAdded },
  };
}

/** Buys and activates by hand. @returns the certificate's id. */
export async function buyByHand(play: Play, csr?: string, type = 'PositiveSSL', years = 1): Promise<number> {
  const { certificateId } = await controlFor(play, '_purchase', { type, years });
  if (csr === undefined) return certificateId;
  await controlFor(play, '_activate', { certificateId, csr });
  await play.pass(5000);
  return certificateId;
}

export async function reissueByHand(play: Play, certificateId: number, csr?: string): Promise<number> {
  const answer = await controlFor(play, '_reissue', { certificateId, ...(csr === undefined ? {} : { csr }) });
  await play.pass(5000);
  return answer.certificateId;
}

async function controlFor(play: Play, what: string, body: unknown): Promise<{ certificateId: number }> {
  const answer = await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/${what}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${what}: ${await answer.text()}`);
  return (await answer.json()) as { certificateId: number };
}
