import { expect } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { composeOrder } from './orders.js';
import { Play, type Run } from './play.js';
import type { TestRedis } from './redis.js';
import { withApi, type Bench } from './work.js';

/** What the sandbox charged and what our books hold of its account. */
export interface BooksSeen {
  /** Charges but those of somebody who bought by hand. */
  charges: number;
  /** Purchase keys with a purchase that is made. */
  made: number;
  lanes: number;
  stock: number[];
  foreign: number[];
  claims: Record<string, string>;
}

/** Reads the books, and checks that each certificate in them is exactly one of owned, stock and foreign. */
export async function readBooks(play: Play, redis: TestRedis): Promise<BooksSeen> {
  const { store, work, sandbox } = play.bench;
  const key = (what: string) => store.keys.account(work.account.id, what);
  const [lanes, keys, claims, stock, foreign] = await Promise.all([
    redis.client.hlen(key('lanes')),
    redis.client.hlen(key('purchases')),
    redis.client.hgetall(key('claims')),
    redis.client.hkeys(key('stock')),
    redis.client.hkeys(key('foreign')),
  ]);
  const all = [...Object.keys(claims), ...stock, ...foreign];
  expect(new Set(all).size, `a certificate stands twice: ${all.join(', ')}`).toBe(all.length);
  const answer = await fetch(`http://127.0.0.1:${sandbox.port}/_ledger`);
  const ledger = (await answer.json()) as { charges: { byHand?: boolean }[] };
  const charges = ledger.charges.filter(({ byHand }) => byHand !== true).length;
  return {
    ...{ charges, made: keys - lanes, lanes, claims },
    ...{ stock: stock.map(Number), foreign: foreign.map(Number) },
  };
}

/** The ids that the account has at Namecheap, oldest first. */
export async function listIds(play: Play): Promise<number[]> {
  const answer = await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/_ledger`);
  const { certificates } = (await answer.json()) as { certificates: { certificateId: number }[] };
  return certificates.map(({ certificateId }) => certificateId).sort((a, b) => a - b);
}

/** A certificate that somebody buys in the account's web interface. @returns its id. */
export async function buyByHand(play: Play, type = 'Standard SSL', years = 1): Promise<number> {
  const before = await listIds(play);
  await play.bench.control('_purchase', { type, years });
  const id = (await listIds(play)).find((one) => !before.includes(one));
  if (id === undefined) throw new Error('nothing was bought');
  return id;
}

/** Orders and runs the job once. */
export async function startOrder(
  play: Play,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<CertificateRecord> {
  const payload = await composeOrder('decide.example.com', changes);
  await play.run('order', payload);
  return await play.bench.read(payload.serviceId);
}

/** Decides, and lets what was rung run. @returns the end of the decision's job. */
export async function decide(
  play: Play,
  serviceId: string,
  decision: unknown,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Run> {
  const end = await play.run('resolve', { serviceId, decision, ...more });
  await play.drain();
  return end;
}

/** Lets lists show every type under a name that nobody knows. @returns an undo. */
export function hideTypes(bench: Bench): () => void {
  withApi(bench, {
    getList: async (input, options) => {
      const page = await bench.api.getList(input, options);
      return { ...page, rows: page.rows.map((row) => ({ ...row, type: 'Quantum SSL' })) };
    },
  });
  return () => {
    withApi(bench, {});
  };
}

/** A purchase of which the list shows only an unknown type: parked, its lane held. */
export async function parkUnknown(play: Play): Promise<{ record: CertificateRecord; mend: () => void }> {
  await play.bench.control('_fault', { command: 'ssl.create', fault: 'drop-after', count: 1 });
  const { serviceId } = await startOrder(play);
  const mend = hideTypes(play.bench);
  await play.run('order', await readOrder(play, serviceId));
  return { record: await play.bench.read(serviceId), mend };
}

/** The stored order, to run its job again. */
export async function readOrder(play: Play, serviceId: string): Promise<unknown> {
  return (await play.bench.store.certificates.load(serviceId))?.request;
}

/** A purchase that was not made, with a balance that fell meanwhile: parked, its lane free. */
export async function parkByBalance(play: Play): Promise<CertificateRecord> {
  const { listings, account } = play.bench.work;
  await listings.saveBalance(account.id, '1000.0000', await listings.readClock());
  await play.bench.control('_fault', { command: 'ssl.create', fault: 'drop-before', count: 1 });
  const { serviceId } = await startOrder(play);
  await play.bench.control('_balance', { balance: '991.12' });
  await play.pass(61_000);
  for (let look = 0; look < 3; look++) await play.run('order', await readOrder(play, serviceId));
  return await play.bench.read(serviceId);
}
