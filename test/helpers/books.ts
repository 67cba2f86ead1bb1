import { jobs } from '../../jobs/index.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import type { Ledger, System } from './system.js';

/** What the queues hold that is not a scheduler's next run, and what has stalled in them. */
export interface QueueLeftovers {
  active: string[];
  waiting: string[];
  stalled: number;
}

export async function readQueues(system: System): Promise<QueueLeftovers> {
  const left: QueueLeftovers = { active: [], waiting: [], stalled: 0 };
  for (const name of jobs.keys()) {
    const queue = system.app.queues.open(name);
    const [active, waiting] = await Promise.all([
      queue.getJobs(['active']),
      queue.getJobs(['waiting', 'prioritized', 'delayed']),
    ]);
    const label = (job: { id?: string | undefined }) => `${name}/${job.id ?? '?'}`;
    left.active.push(...active.map(label));
    left.waiting.push(...waiting.filter((job) => job.repeatJobKey === undefined).map(label));
    const events = await system.app.store.redis.xrange(queue.toKey('events'), '-', '+');
    left.stalled += events.filter(([, fields]) => fields.includes('stalled')).length;
  }
  return left;
}

/** Services that somebody still holds. */
export async function listLeases(system: System): Promise<string[]> {
  const { redis, keys } = system.app.store;
  const services = await redis.smembers(keys.services);
  const leases = await Promise.all(services.map((id) => redis.hget(keys.certificate(id), 'lease')));
  return services.filter((_, index) => leases[index] !== null);
}

/** The whole account and what our books say of it; every sentence is a violation. For an account in which all work is done and nobody bought by hand. */
export async function findViolations(system: System): Promise<string[]> {
  const { redis, keys } = system.app.store;
  const services = await redis.smembers(keys.services);
  const records = await Promise.all(services.map((id) => system.readRecord(id)));
  const known = records.filter((record) => record !== null);
  const account = known[0]?.account ?? '';
  const read = (what: string) => redis.hgetall(keys.account(account, what));
  const [claims, purchases, lanes, stock, foreign, entries] = await Promise.all([
    read('claims'),
    read('purchases'),
    read('lanes'),
    read('stock'),
    read('foreign'),
    read('ledger'),
  ]);
  const ledger = await system.readLedger();
  return [
    ...known.flatMap((record) => judgeRecord(record, claims)),
    ...judgeMoney(ledger, Object.values(entries), Object.keys(purchases).length),
    ...ledger.certificates
      .map(({ certificateId }) => String(certificateId))
      .filter((id) => [claims, stock, foreign].filter((owners) => owners[id] !== undefined).length !== 1)
      .map((id) => `certificate ${id} is not exactly one of owned, stock and foreign`),
    ...Object.keys(lanes).map((lane) => `the lane ${lane} is not free`),
    ...Object.keys(stock).map((id) => `certificate ${id} was bought for nobody`),
    ...Object.keys(foreign).map((id) => `certificate ${id} is taken for somebody else's`),
    ...(await listLeases(system)).map((id) => `${id} is leased`),
    ...(await redis.zrange(keys.errands, '0', '-1')).map((errand) => `the errand ${errand} is left`),
    ...(await redis.zrange(keys.open, '0', '-1')).map((id) => `${id} is still open`),
  ];
}

function judgeRecord(record: CertificateRecord, claims: Readonly<Record<string, string>>): string[] {
  const { serviceId, status, operation, shelved, errands, certificateIds } = record;
  const faults = [
    ...(status === 'issued' ? [] : [`is ${status}`]),
    ...(operation === null && shelved === null ? [] : ['has something in flight']),
    ...(errands.length === 0 ? [] : ['has errands']),
    ...certificateIds.filter((id) => claims[String(id)] !== serviceId).map((id) => `does not own ${id}`),
  ];
  return faults.map((fault) => `${serviceId} ${fault}: ${record.problem ?? 'no problem known'}`);
}

interface Entry {
  certificateId: number;
  charged: { amount: string } | null;
}

/**
 * Every charge has a key of its own and is in our ledger: once with the amount where Namecheap's answer told it. A
 * purchase that was adopted by looking has an entry without an amount, and keeps it when the answer comes late.
 */
function judgeMoney({ charges }: Ledger, json: readonly string[], keys: number): string[] {
  const entries = json.map((one) => JSON.parse(one) as Entry);
  const faults: string[] = [];
  if (charges.length > keys) faults.push(`${charges.length} charges for ${keys} purchases`);
  for (const { certificateId, amount } of charges) {
    const own = entries.filter((entry) => entry.certificateId === certificateId);
    const told = own.flatMap(({ charged }) => (charged === null ? [] : [charged.amount]));
    if (own.length === 0) faults.push(`no entry for certificate ${certificateId}`);
    if (told.length > 1) faults.push(`${told.length} amounts for certificate ${certificateId}`);
    if (told.some((one) => Number(one) !== Number(amount)))
      faults.push(`${amount} charged for ${certificateId}, ${told.join()} in our ledger`);
  }
  const isCharged = (id: number) => charges.some(({ certificateId }) => certificateId === id);
  const invented = entries.filter(({ certificateId }) => !isCharged(certificateId));
  return [...faults, ...invented.map(({ certificateId }) => `${certificateId} was never charged`)];
}
