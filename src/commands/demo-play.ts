import { z } from 'zod';
import type { App } from '../app.js';
import type { CertificateSnapshot } from '../certificates/present.js';
import { sealModule, storeModule } from '../modules/add.js';
import type { Sandbox } from '../sandbox/server.js';
import { createRedis } from '../store/connection.js';
import { printTestResult, runConnectionTest } from './connection-test.js';
import { createDemoCsr } from './demo-customer.js';
import { formatDay, formatTable, note, paint, print, type Terminal } from './terminal.js';

/** The first certificate of the subscription ends this soon, so that it is due for reissue at once. */
const FIRST_LEAF_DAYS = 20;

/** The whole play takes seconds; after this long, ms, something is wrong. */
const PATIENCE_MS = 90_000;

const ORDERS = [
  {
    serviceId: 'one-term',
    years: 1,
    commonName: 'one-term.example.com',
    what: 'one year, covered by one certificate',
    until: 'certificate.issued',
  },
  {
    serviceId: 'subscription',
    years: 5,
    commonName: 'subscription.example.com',
    what: 'five years paid, the first certificate ends soon: the scanner has it reissued',
    until: 'certificate.reissued',
  },
];

const eventSchema = z.object({
  type: z.string(),
  at: z.string(),
  serviceId: z.string().nullable(),
  data: z.looseObject({}),
});
type SeenEvent = z.infer<typeof eventSchema>;

/** Module, connection test, two orders, a reissue, every event as it happens, the result. @returns true when all of it succeeded. */
export async function playDemo(terminal: Terminal, app: App, sandbox: Sandbox): Promise<boolean> {
  const { bold } = paint(terminal);
  print(terminal, bold('\n1. Processing module: a Namecheap account, its key sealed'));
  if (!(await addModule(terminal, app, sandbox))) return false;
  print(terminal, bold('\n2. Orders: pushed onto the queue, bought and activated by the worker'));
  const position = await app.store.events.readLastPosition();
  for (const order of ORDERS) {
    if (order.years > 1) await setFirstLeaf(sandbox);
    await placeOrder(terminal, app, order);
    // One at a time, so that the short first certificate goes to the subscription.
    if (!(await watch(terminal, app, order, position))) return false;
  }
  print(terminal, bold('\n3. Result'));
  await printResult(terminal, app);
  return true;
}

async function addModule(terminal: Terminal, app: App, sandbox: Sandbox): Promise<boolean> {
  const { user, apiKey, clientIp } = sandbox.account;
  const draft = {
    name: 'default',
    username: user,
    apiUser: user,
    apiKey,
    clientIp,
    sandbox: true,
    endpoint: sandbox.url,
  };
  await storeModule(app.store, sealModule(draft, app.environment.secretKey, new Date().toISOString()));
  const outcome = await runConnectionTest(app, { module: draft.name }, terminal.stop);
  if (outcome.kind === 'tested') printTestResult(terminal, outcome.result);
  else note(terminal, outcome.reason);
  return outcome.kind === 'tested' && outcome.result.ok;
}

async function setFirstLeaf(sandbox: Sandbox): Promise<void> {
  const url = `http://127.0.0.1:${sandbox.port}/_first-leaf`;
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ days: FIRST_LEAF_DAYS }) });
  if (!answer.ok) throw new Error(`The sandbox refused ${url}: ${await answer.text()}`);
}

async function placeOrder(terminal: Terminal, app: App, order: (typeof ORDERS)[number]): Promise<void> {
  const { serviceId, years, commonName } = order;
  const csr = await createDemoCsr(commonName);
  const id = await app.enqueue('order', {
    serviceId,
    type: 'PositiveSSL',
    years,
    csr,
    dcv: { method: 'dns' },
  });
  print(terminal, `   order ${serviceId}: ${order.what} (job ${id})`);
}

/** Prints the service's events as they come, until the awaited one or one that tells that it will not come. */
async function watch(
  terminal: Terminal,
  app: App,
  { serviceId, until }: (typeof ORDERS)[number],
  from: string,
): Promise<boolean> {
  const client = createRedis(app.environment.redis, { maxRetriesPerRequest: null });
  const deadline = Date.now() + PATIENCE_MS;
  let position = from;
  try {
    while (Date.now() < deadline && !terminal.stop.aborted) {
      for (const entry of await app.store.events.follow(client, position, 500)) {
        position = entry.position;
        const event = eventSchema.parse(JSON.parse(entry.json));
        if (event.serviceId !== serviceId) continue;
        print(terminal, `   ${event.at.slice(11, 19)}  ${describeEvent(event)}`);
        if (event.type === until) return true;
        if (event.type === 'certificate.failed' || event.type === 'certificate.parked') return false;
      }
    }
  } finally {
    client.disconnect();
  }
  if (!terminal.stop.aborted)
    note(terminal, `${serviceId} did not come to ${until} within ${PATIENCE_MS / 1000} s; the log tells why`);
  return false;
}

function describeEvent({ type, data }: SeenEvent): string {
  const known = data as Partial<CertificateSnapshot>;
  const facts = describeFacts(type, known) ?? known.problem ?? null;
  return facts === null ? type : `${type}  ${facts}`;
}

function describeFacts(type: string, known: Partial<CertificateSnapshot>): string | null {
  const dates = `End date ${formatDay(known.endDate ?? null)}, Paid till ${formatDay(known.paidTill ?? null)}`;
  switch (type) {
    case 'certificate.purchased':
      return describePurchase(known);
    case 'certificate.activated': {
      const first = known.validation?.[0];
      return first?.method === 'dns' ? `publish CNAME ${first.host} → ${first.target}` : null;
    }
    case 'certificate.reissue-due':
      return `${dates}: the certificate ends long before what is paid`;
    case 'certificate.issued':
    case 'certificate.reissued':
      return dates;
    default:
      return null;
  }
}

function describePurchase({ certificateId, type = '', charged }: Partial<CertificateSnapshot>): string {
  return `certificate ${String(certificateId)}, ${type}, charged ${charged?.amount ?? '?'} ${charged?.currency ?? ''}`;
}

async function printResult(terminal: Terminal, app: App): Promise<void> {
  const stored = await Promise.all(ORDERS.map(({ serviceId }) => app.store.certificates.load(serviceId)));
  const rows = stored.flatMap((one) => {
    if (one === null) return [];
    const { serviceId, status, type, years, endDate, paidTill, nextReissueAt, certificateIds } = one.record;
    return [
      [
        serviceId,
        status,
        type ?? '',
        String(years),
        certificateIds.join(' → '),
        formatDay(endDate),
        formatDay(paidTill),
        formatDay(nextReissueAt),
      ],
    ];
  });
  print(
    terminal,
    formatTable(
      ['service', 'status', 'type', 'years', 'certificates', 'End date', 'Paid till', 'next reissue'],
      rows,
    ),
  );
  print(terminal, 'Paid till is empty (–) where one certificate covers the whole paid term.');
}
