import { jobs } from '../../jobs/index.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { composeOrder } from './orders.js';
import type { Outcome } from './outcome.js';
import type { Play } from './play.js';

const DAY_MS = 86_400_000;

/** Something that happens to one service, in two parts: what goes well before, and what a process may die in. */
export interface Story {
  name: string;
  /** How it ends; what is not named is as after an order. */
  end: Partial<Outcome>;
  /** @returns the service, ready, and its work accepted as our producers accept it. */
  prepare(play: Play): Promise<CertificateRecord>;
  /** What workers do then, as long as they live. */
  act(play: Play, before: CertificateRecord): Promise<void>;
}

const ORDERED = {
  'certificate.accepted': 1,
  'certificate.purchased': 1,
  'certificate.activated': 1,
  'certificate.issued': 1,
};

/** The end of an order that nothing disturbs: paid once, owned, nothing left over. */
export const ORDER_END: Outcome = {
  ...{ status: 'issued', inFlight: null, problem: null, errands: 0, years: 1, sansAdded: 0, renewals: 0 },
  ...{ chain: 1, claims: 1, ledger: 1, charges: ['namecheap.ssl.create'], keys: ['order-ID'] },
  events: ORDERED,
  leftovers: { lanes: 0, stock: 0, foreign: 0, unclaimed: 0, isOpen: false },
};

/** As `enqueue` does, before the job is added. */
export async function accept(play: Play, job: string, payload: object): Promise<void> {
  const definition = jobs.get(job);
  await definition?.accept?.(
    definition.schema.parse(payload),
    play.bench.store,
    play.now(),
    `enqueued-${job}`,
  );
}

/** Validation, and the collector's round. */
async function issue(play: Play): Promise<void> {
  await play.pass(2000);
  await play.tick();
}

async function readPayload(play: Play, serviceId: string): Promise<Record<string, unknown>> {
  const [errand] = (await play.bench.read(serviceId)).errands;
  if (errand === undefined) throw new Error(`nothing was accepted for ${serviceId}`);
  return { ...errand.payload, requestId: errand.id };
}

/** A subscription whose first certificate is due for its reissue as soon as it is issued. */
export async function orderDue(play: Play, changes: Readonly<Record<string, unknown>> = {}) {
  play.bench.work.settings.reissueBeforeMs = 30 * DAY_MS;
  await play.bench.control('_first-leaf', { days: 20 });
  return await play.order('crash.example.com', { years: 2, ...changes });
}

export const reissueStory: Story = {
  name: 'a reissue, from the scan to the new certificate',
  end: {
    ...{ chain: 2, claims: 2, years: 2 },
    events: {
      ...ORDERED,
      'certificate.activated': 2,
      'certificate.reissue-due': 1,
      'certificate.reissued': 1,
    },
  },
  prepare: orderDue,
  act: async (play) => {
    await play.tick();
    await issue(play);
  },
};

export const namesStory: Story = {
  name: 'a reissue that buys names',
  end: {
    ...{ chain: 2, claims: 2, ledger: 2, sansAdded: 2, keys: ['names-N-2', 'order-ID'] },
    charges: ['namecheap.ssl.create', 'namecheap.ssl.purchaseMoreSANS'],
    events: {
      ...{ ...ORDERED, 'certificate.activated': 2, 'certificate.purchased': 2 },
      'certificate.reissued': 1,
    },
  },
  prepare: async (play) => {
    const type = 'PositiveSSL Multi-Domain';
    const first = await play.order('crash.example.com', { type, sans: ['a.example.com', 'b.example.com'] });
    const sans = ['a.example.com', 'b.example.com', 'c.example.com', 'd.example.com'];
    await accept(play, 'reissue', { serviceId: first.serviceId, sans, allowCharge: true });
    return first;
  },
  act: async (play, { serviceId }) => {
    await play.run('reissue', await readPayload(play, serviceId));
    await issue(play);
  },
};

/** Some services that are to be renewed, all ordered at once: their term takes the clock on by most of a year. */
export class RenewStory implements Story {
  readonly name = 'a renewal';
  readonly end = {
    ...{ chain: 2, claims: 2, ledger: 2, renewals: 1, keys: ['order-ID', 'renew-ID-N'] },
    charges: ['namecheap.ssl.create', 'namecheap.ssl.renew'],
    events: {
      ...{ ...ORDERED, 'certificate.activated': 2, 'certificate.purchased': 2 },
      'certificate.renewed': 1,
    },
  };
  readonly #ready: CertificateRecord[] = [];

  /** Needs a sandbox whose certificates cover the term. */
  async stock(play: Play, count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.#ready.push(await play.order('crash.example.com'));
    await play.passDays(310);
    await play.tick();
  }

  async prepare(play: Play): Promise<CertificateRecord> {
    const first = this.#ready.pop();
    if (first === undefined) throw new Error('no service is left to renew');
    const { serviceId, termEnd } = first;
    await accept(play, 'renew', { serviceId, years: 1, paidTill: termEnd, requestId: `op-${serviceId}` });
    return await play.bench.read(serviceId);
  }

  async act(play: Play, { serviceId }: CertificateRecord): Promise<void> {
    await play.run('renew', await readPayload(play, serviceId));
    await issue(play);
  }
}

export const orderStory: Story = {
  name: 'an order',
  end: {},
  prepare: async (play) => {
    const payload = await composeOrder('crash.example.com');
    await accept(play, 'order', payload);
    return await play.bench.read(payload.serviceId);
  },
  act: async (play, { serviceId }) => {
    const stored = await play.bench.store.certificates.load(serviceId);
    await play.run('order', stored?.request);
    await issue(play);
  },
};
