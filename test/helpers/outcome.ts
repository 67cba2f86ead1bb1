import type { CertificateRecord } from '../../src/certificates/record.js';
import type { Play } from './play.js';
import type { Ledger } from './system.js';

/** Everything that a disturbance must leave as it is, of one service whose work is done. Times and ids are left out. */
export interface Outcome {
  status: string;
  inFlight: unknown;
  problem: string | null;
  errands: number;
  /** Certificates in the chain, and how many of them the service owns. */
  chain: number;
  claims: number;
  /** By command, as Namecheap charged them. */
  charges: string[];
  /** Entries of our ledger, and purchase keys that are taken. */
  ledger: number;
  keys: string[];
  years: number;
  sansAdded: number;
  renewals: number;
  events: Record<string, number>;
  /** Of the whole account: nothing may be left. */
  leftovers: { lanes: number; stock: number; foreign: number; unclaimed: number; isOpen: boolean };
}

export async function readLedger(play: Play): Promise<Ledger> {
  const answer = await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/_ledger`);
  return (await answer.json()) as Ledger;
}

/** Events of one service by type. */
export async function countEvents(play: Play, serviceId: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const event of await play.readEvents()) {
    if (event.serviceId === serviceId) counts[event.type] = (counts[event.type] ?? 0) + 1;
  }
  return counts;
}

export async function readOutcome(play: Play, serviceId: string): Promise<Outcome> {
  const { store, work } = play.bench;
  const record = await play.bench.read(serviceId);
  const { charges, certificates } = await readLedger(play);
  const read = (what: string) => store.redis.hgetall(store.keys.account(work.account.id, what));
  const [claims, ledger, purchases, lanes, stock, foreign] = await Promise.all(
    ['claims', 'ledger', 'purchases', 'lanes', 'stock', 'foreign'].map(read),
  );
  const isOwn = (json: string) => (JSON.parse(json) as { serviceId: string }).serviceId === serviceId;
  const owned = Object.entries(claims ?? {}).filter(([, owner]) => owner === serviceId);
  const [open, errands] = await Promise.all([
    store.redis.zscore(store.keys.open, serviceId),
    store.redis.zrange(store.keys.errands, '0', '-1'),
  ]);
  return {
    ...describeRecord(record),
    claims: owned.length,
    charges: charges
      .filter(({ certificateId }) => record.certificateIds.includes(certificateId))
      .map(({ command }) => command)
      .sort(),
    ledger: Object.values(ledger ?? {}).filter(isOwn).length,
    keys: Object.entries(purchases ?? {})
      .filter(([, json]) => isOwn(json))
      .map(([key]) => key.replace(serviceId, 'ID').replace(/\d{7}|\d{4}-\d\d-\d\d/, 'N'))
      .sort(),
    events: await countEvents(play, serviceId),
    leftovers: {
      lanes: Object.keys(lanes ?? {}).length,
      stock: Object.keys(stock ?? {}).length,
      foreign: Object.keys(foreign ?? {}).length,
      unclaimed: certificates.filter(({ certificateId }) => claims?.[String(certificateId)] === undefined)
        .length,
      isOpen: open !== null || errands.some((one) => one.startsWith(`${serviceId}|`)),
    },
  };
}

function describeRecord(record: CertificateRecord) {
  const { status, operation, shelved, problem, errands, certificateIds, years, sansAdded, renewals } = record;
  return {
    ...{ status, problem, years, sansAdded },
    inFlight: operation ?? shelved,
    errands: errands.length,
    chain: certificateIds.length,
    renewals: renewals.length,
  };
}
