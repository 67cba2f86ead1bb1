import type { ListRow } from '../namecheap/api.js';
import { NamecheapError } from '../namecheap/errors.js';
import { noteProblem } from './import-adopt.js';
import { containFailure } from './import-heads.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';
import { readFlightId, type CertificateRecord } from './record.js';
import { isTrouble } from './namecheap-status.js';
import { describeStatus } from './trouble.js';

/** States in which a certificate that vanished matters to somebody. */
const CONCERNED = ['purchased', 'pending-validation', 'issued'];

/**
 * Certificates that services rely on and that the account's list does not have: cancelled ones vanish after about 30
 * days. Each is asked for by itself before it is told, and the record says it; its status stays, for the file may well be
 * valid.
 */
export async function findMissingCertificates(run: ImportRun, rows: readonly ListRow[]): Promise<Outcome[]> {
  const listed = new Set(rows.map(({ certificateId }) => certificateId));
  const outcomes: Outcome[] = [];
  for (const [certificateId, serviceId] of run.standing.owners) {
    if (listed.has(certificateId)) continue;
    const key = `missing-${certificateId}`;
    const settled = run.progress.outcomes.get(key);
    const look = () => lookFor(run, serviceId, certificateId);
    const found = settled ?? (await containFailure(serviceId, certificateId, look));
    if (settled === undefined && found.length > 0) await run.settle(key, found, [certificateId]);
    outcomes.push(...found);
  }
  return outcomes;
}

async function lookFor(run: ImportRun, serviceId: string, certificateId: number): Promise<Outcome[]> {
  const record = (await run.work.certificates.load(serviceId))?.record;
  if (record === undefined || !isConcerned(record, certificateId, run.plan.listedAt)) return [];
  const why = await explainAbsence(run, certificateId);
  if (why === null) return [];
  await noteProblem(run, serviceId, `${why} Look at it in the account at Namecheap, or ask their support.`);
  return [{ kind: 'missing', serviceId, certificateId, why }];
}

/** What came after the list was begun cannot be expected in it. */
function isConcerned(record: CertificateRecord, certificateId: number, listedAt: number): boolean {
  if (!CONCERNED.includes(record.status)) return false;
  if (certificateId !== record.certificateId && certificateId !== readFlightId(record)) return false;
  const { acceptedAt, activatedAt, operation, purchase } = record;
  const times = [acceptedAt, activatedAt, operation?.since].map((at) => (at ? Date.parse(at) : 0));
  return Math.max(...times, purchase?.begunAt ?? 0) < listedAt;
}

/** Null when it is there after all. */
async function explainAbsence(run: ImportRun, certificateId: number): Promise<string | null> {
  try {
    const { status } = await run.readInfo(certificateId);
    return isTrouble(status) ? describeStatus(certificateId, status) : null;
  } catch (error) {
    if (!(error instanceof NamecheapError) || error.verdict !== 'fail') throw error;
    return `Certificate ${certificateId} is not in the account's list any more, and asked for it Namecheap says: ${error.message}.`;
  }
}
