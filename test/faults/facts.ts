import { z } from 'zod';
import type { HistoryEntry } from '../../src/certificates/present.js';
import type { Stored } from '../../src/certificates/ports.js';
import type { World } from './world.js';

const chargeSchema = z.object({
  transactionId: z.number(),
  certificateId: z.number(),
  command: z.string(),
  amount: z.string(),
  type: z.string(),
  years: z.number(),
  byHand: z.boolean().optional(),
});
const certificateSchema = z.object({
  certificateId: z.number(),
  status: z.string(),
  type: z.string(),
  commonName: z.string(),
  notAfter: z.string().nullable(),
  byHand: z.boolean().optional(),
  renews: z.number().optional(),
  replaces: z.number().optional(),
  replacedBy: z.number().optional(),
  csrPublicKeyHash: z.string().optional(),
});
const callSchema = z.object({ command: z.string(), outcome: z.string(), at: z.string() });
const sandboxSchema = z.object({
  charges: z.array(chargeSchema),
  certificates: z.array(certificateSchema),
  calls: z.array(callSchema),
});
const entrySchema = z.object({
  serviceId: z.string(),
  certificateId: z.number(),
  transactionId: z.number().nullable(),
  charged: z.object({ amount: z.string() }).nullable(),
});

export type Charge = z.output<typeof chargeSchema>;
export type SeenCertificate = z.output<typeof certificateSchema>;
export type LedgerEntry = z.output<typeof entrySchema>;

/** Everything that both sides know once a world is at rest. */
export interface Facts {
  charges: Charge[];
  certificates: SeenCertificate[];
  throttled: number;
  services: (Stored & { history: HistoryEntry[]; leaseUntil: string | null })[];
  claims: Record<string, string>;
  stock: Record<string, string>;
  foreign: Record<string, string>;
  ledger: LedgerEntry[];
  /** Purchase keys that are taken, and lanes. */
  purchases: Record<string, string>;
  lanes: Record<string, string>;
  events: { type: string; serviceId: string | null }[];
  open: string[];
  errands: string[];
}

export async function gatherFacts(world: World): Promise<Facts> {
  const { store } = world;
  const url = `http://127.0.0.1:${world.sandbox.port}/_ledger`;
  const seen = sandboxSchema.parse(await (await fetch(url)).json());
  const read = (what: string) => store.redis.hgetall(store.keys.account(world.account, what));
  const [claims, stock, foreign, ledger, purchases, lanes] = await Promise.all([
    ...[read('claims'), read('stock'), read('foreign'), read('ledger'), read('purchases'), read('lanes')],
  ]);
  const events = await store.events.readAfter('0', 10_000);
  return {
    ...{ charges: seen.charges, certificates: seen.certificates },
    throttled: seen.calls.filter(({ outcome }) => outcome === 'throttled').length,
    services: await gatherServices(world),
    ...{ claims: claims ?? {}, stock: stock ?? {}, foreign: foreign ?? {} },
    ...{ purchases: purchases ?? {}, lanes: lanes ?? {} },
    ledger: Object.values(ledger ?? {}).map((json) => entrySchema.parse(JSON.parse(json))),
    events: events.map(({ json }) => JSON.parse(json) as { type: string; serviceId: string | null }),
    open: await store.redis.zrange(store.keys.open, '0', '-1'),
    errands: await store.redis.zrange(store.keys.errands, '0', '-1'),
  };
}

async function gatherServices(world: World): Promise<Facts['services']> {
  const { store } = world;
  const services: Facts['services'] = [];
  for (const { serviceId } of await world.listRecords()) {
    const stored = await store.certificates.load(serviceId);
    if (stored === null) continue;
    const history = await store.certificates.readHistory(serviceId);
    const leaseUntil = await store.redis.hget(store.keys.certificate(serviceId), 'leaseUntil');
    services.push({ ...stored, history, leaseUntil });
  }
  return services.sort((a, b) => (a.record.serviceId < b.record.serviceId ? -1 : 1));
}
