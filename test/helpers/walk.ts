import fc from 'fast-check';
import { isUnfinished } from '../../src/certificates/record.js';
import { FAULTS } from '../../src/sandbox/faults.js';
import { makeCsr } from '../csr-fixtures.js';
import { listIds } from './decisions.js';
import type { Play, Run } from './play.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The services of a walk: one of a single name, one whose product takes several. */
export const SERVICES = ['alone', 'several'] as const;
export type ServiceId = (typeof SERVICES)[number];

const SHORT: readonly number[] = [1000, MINUTE_MS, 10 * MINUTE_MS];
const LONG: readonly number[] = [DAY_MS, 40 * DAY_MS, 130 * DAY_MS, 300 * DAY_MS];

const COMMANDS_AT_FAULT = [
  'ssl.create',
  'ssl.renew',
  'ssl.purchasemoresans',
  'ssl.activate',
  'ssl.reissue',
  '*',
];

/** A job as a customer, a person or a clock asks for it. */
export interface Ask {
  job: 'order' | 'renew' | 'reissue' | 'dcv' | 'close' | 'revoke' | 'resolve' | 'sync' | 'collect' | 'scan';
  service: ServiceId;
  /** Which of the variants of the job. */
  variant: number;
}

export type Command =
  | { kind: 'ask'; asks: Ask[] }
  | { kind: 'drain' }
  | { kind: 'round' }
  | { kind: 'pass'; ms: number }
  | { kind: 'fault'; command: string; fault: string }
  | { kind: 'balance'; balance: string }
  | { kind: 'by-hand' };

const ask: fc.Arbitrary<Ask> = fc.record({
  job: fc.constantFrom(
    ...([
      'order',
      'order',
      'order',
      'renew',
      'renew',
      'reissue',
      'reissue',
      'dcv',
      'close',
      'close',
    ] as const),
    ...(['revoke', 'resolve', 'sync', 'collect', 'collect', 'scan', 'scan'] as const),
  ),
  service: fc.constantFrom(...SERVICES),
  variant: fc.nat(11),
});

/** Without a certificate most commands are only refused. */
export const BEGINNING: Command[] = [
  { kind: 'ask', asks: [{ job: 'order', service: 'alone', variant: 0 }] },
  { kind: 'round' },
];

const one = <T extends Command['kind']>(kind: T) => fc.constant({ kind });

/** Anything that may happen; several asks of one command run at the same time. */
export const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('ask' as const), asks: fc.tuple(ask) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('ask' as const), asks: fc.tuple(ask, ask) }) },
    { weight: 2, arbitrary: one('drain') },
    { weight: 4, arbitrary: one('round') },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(...SHORT, ...LONG) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('fault' as const),
        command: fc.constantFrom(...COMMANDS_AT_FAULT),
        fault: fc.constantFrom(
          ...FAULTS.filter(
            (name) => !['hang', 'slow', 'error', 'purchaseerror', 'order-error-after-charge'].includes(name),
          ),
          'refusal',
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('balance' as const),
        balance: fc.constantFrom('0', '5', '9000'),
      }),
    },
    { weight: 1, arbitrary: one('by-hand') },
  ),
  { minLength: 4, maxLength: 22, size: 'max' },
);

/** Requests that differ only in their key; the first one is ordered with. */
export async function makeCsrs(count = 3): Promise<string[]> {
  const made = await Promise.all(
    Array.from({ length: count }, () => makeCsr({ commonName: 'model.example.com' })),
  );
  return made.map(({ csr }) => csr);
}

const METHODS = [
  { method: 'dns' },
  { method: 'http' },
  { method: 'email', approverEmail: 'admin@example.com' },
];

function order({ service, variant }: Ask, csrs: readonly string[]): object {
  const several = { type: 'PositiveSSL Multi-Domain', sans: ['a.example.com', 'b.example.com'] };
  // Most are the identical order; others another term, or another key as after a refusal.
  const [years, csr] = [variant === 10 ? 1 : 2, csrs[variant === 11 ? 1 : 0]];
  return {
    ...{ serviceId: service, type: 'PositiveSSL', years, csr, dcv: { method: 'dns' } },
    ...(service === 'several' ? several : {}),
  };
}

function reissue({ service, variant }: Ask, csrs: readonly string[]): object {
  const names = variant % 2 === 0 ? ['a.example.com', 'b.example.com', 'c.example.com'] : ['a.example.com'];
  return {
    ...{ serviceId: service, allowCharge: variant > 2 },
    ...(variant % 3 === 0 ? {} : { reason: 'rekey', csr: csrs[variant % csrs.length] }),
    ...(service === 'several' && variant % 3 === 2 ? { reason: 'names', sans: names } : {}),
    ...(variant > 8 ? { requestId: `reissue-${variant}` } : {}),
  };
}

/** The payload of an ask, as far as it is known only when it is asked. */
async function compose(play: Play, given: Ask, csrs: readonly string[]): Promise<object> {
  const { job, service: serviceId, variant } = given;
  const ids = job === 'revoke' || job === 'resolve' ? await listIds(play) : [];
  const id = ids[variant % Math.max(1, ids.length)] ?? 1;
  switch (job) {
    case 'order':
      return order(given, csrs);
    case 'renew':
      return {
        serviceId,
        years: 1 + (variant % 2),
        ...(variant < 6 ? { requestId: `renew-${variant % 2}` } : {}),
      };
    case 'reissue':
      return reissue(given, csrs);
    case 'dcv':
      return { serviceId, ...(variant === 0 ? {} : { dcv: METHODS[variant % METHODS.length] }) };
    case 'close':
      return { serviceId, open: variant > 4 };
    case 'revoke':
      return { serviceId, certificateId: id };
    case 'resolve':
      return { serviceId, decision: ['retry', 'release', 'not-made', { adopt: id }][variant % 4] };
    default:
      return job === 'sync' ? { serviceId } : {};
  }
}

const REFUSAL = { fault: 'error', error: { number: 2011296, text: 'CSR is invalid' } };

/** Carries a command out. @returns how the jobs ended, for a command that runs some. */
export async function carryOut(play: Play, command: Command, csrs: readonly string[]): Promise<Run[]> {
  switch (command.kind) {
    case 'ask': {
      const payloads = await Promise.all(command.asks.map((given) => compose(play, given, csrs)));
      return await Promise.all(command.asks.map(({ job }, index) => play.run(job, payloads[index])));
    }
    case 'drain':
      return await play.drain();
    case 'round':
      await play.pass(2000);
      await play.tick();
      return [];
    case 'pass':
      await play.pass(command.ms);
      return [];
    case 'fault': {
      const rule = command.fault === 'refusal' ? REFUSAL : { fault: command.fault };
      await play.bench.control('_fault', { command: command.command, count: 1, ...rule });
      return [];
    }
    case 'balance':
      await play.bench.control('_balance', { balance: command.balance });
      return [];
    case 'by-hand':
      // Without money nobody can buy by hand either.
      await play.bench.control('_purchase', { type: 'Standard SSL', years: 2 }).catch(() => undefined);
      return [];
  }
}

/** Nothing disturbs any more, and the repeating jobs have their time. */
export async function calmDown(play: Play): Promise<void> {
  await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/_fault`, { method: 'DELETE' });
  await play.bench.control('_balance', { balance: '9000' });
  // What Namecheap refuses unclearly again and again is parked only after three purchases that came to nothing.
  for (let round = 0; round < 40; round++) {
    await play.pass(11 * MINUTE_MS);
    await play.tick();
    await play.pass(2000);
    await play.tick();
    if (round > 1 && !(await isUnderWay(play))) return;
  }
}

/** Whether the system is going on with something by itself. */
async function isUnderWay(play: Play): Promise<boolean> {
  const stored = await Promise.all(SERVICES.map((id) => play.bench.store.certificates.load(id)));
  return stored.some(
    (one) => one !== null && one.record.operation !== null && isUnfinished(one.record.operation.state),
  );
}
