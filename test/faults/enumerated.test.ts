import { describe, expect, it } from 'vitest';
import { FAULTS } from '../../src/sandbox/faults.js';
import type { Fault } from './fault.js';
import type { ServiceKind } from './fleet.js';
import { playSchedule } from './play-schedule.js';
import type { Schedule } from './schedule.js';
import { useStand } from './stand.js';

const openStand = useStand();

/** The calls that change something at Namecheap, each with a story that makes it. */
const ACTS: readonly { call: string; kind: ServiceKind; type: string }[] = [
  { call: 'api.create', kind: 'order', type: 'PositiveSSL' },
  { call: 'api.activate', kind: 'order', type: 'PositiveSSL' },
  { call: 'api.renew', kind: 'renew', type: 'PositiveSSL' },
  { call: 'api.purchaseMoreSans', kind: 'names', type: 'PositiveSSL Multi Domain' },
  { call: 'api.reissue', kind: 'rekey', type: 'PositiveSSL' },
];

const NETWORK = FAULTS.filter((fault) => !['purchaseerror', 'error'].includes(fault));

function composeSchedule(kind: ServiceKind, type: string, faults: Fault[]): Schedule {
  return {
    ...{ seed: 1, theme: 'mixed', workers: 2, faults, sandbox: {}, limits: [0, 0, 0] },
    fleet: [{ id: 's1', kind, type, years: 1, copies: 2, isAccepted: true }],
    ...{ boughtBefore: [], isBalanceKnown: true },
  };
}

async function playAll(kind: ServiceKind, type: string, lists: readonly Fault[][]): Promise<string[]> {
  const wrong: string[] = [];
  for (const faults of lists) {
    const { violations, struck } = await playSchedule(openStand(), composeSchedule(kind, type, faults));
    if (struck.length === 0) wrong.push(`${JSON.stringify(faults)} struck nothing`);
    wrong.push(...violations.map((one) => `${JSON.stringify(faults)}: ${one}`));
  }
  return wrong;
}

describe.each(ACTS)('$call', { timeout: 300_000 }, ({ call, kind, type }) => {
  const at = { call, nth: 1 };

  it(`breaks nothing with any of ${NETWORK.length} faults of the network`, async () => {
    const lists = NETWORK.map((fault): Fault[] => [
      { kind: 'http', at, rule: fault === 'slow' ? { fault, delayMs: 1 } : { fault } },
    ]);
    expect(await playAll(kind, type, lists)).toEqual([]);
  });

  it('breaks nothing when its worker dies or stops before or after it', async () => {
    const lists = (['before', 'after'] as const).flatMap((side): Fault[][] => [
      [{ kind: 'crash', at, side }],
      [{ kind: 'stall', at, side, ms: 15 * 60_000 }],
      [
        { kind: 'stall', at, side, ms: 15 * 60_000 },
        { kind: 'crash', at, side: 'after' },
      ],
    ]);
    expect(await playAll(kind, type, lists)).toEqual([]);
  });

  it('breaks nothing when its answer is cut off', async () => {
    const bytes = Array.from({ length: 8 }, (_, place) => place * 97);
    const lists = bytes.map((end): Fault[] => [
      { kind: 'http', at, rule: { fault: 'truncated', bytes: end } },
    ]);
    expect(await playAll(kind, type, lists)).toEqual([]);
  });
});
