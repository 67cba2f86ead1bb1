import { describe, expect, it } from 'vitest';
import { computeNextScan } from '../../src/certificates/agenda.js';
import { addSpan, findGap } from '../../src/certificates/coverage.js';
import { composeIssued } from '../../src/certificates/issuance.js';
import type { Step } from '../../src/certificates/ports.js';
import {
  isUnfinished,
  type CertificateRecord,
  type OperationJob,
  type Span,
} from '../../src/certificates/record.js';
import { carryOut, listTasks } from '../../src/certificates/scan.js';
import { beginOperation, findObstacle } from '../../src/certificates/shelf.js';
import { composeOperation, moveRecord } from '../../src/certificates/transitions.js';
import { composeTestRecord } from '../helpers/records.js';

const DAY = 86_400_000;
const RUNS = 150;
const STEPS = 40;
const START = Date.UTC(2027, 1, 28, 9, 30);

/** The same numbers for the same seed (mulberry32), 0 to below 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const { request } = composeTestRecord('1001');
const SETTINGS = { leaseMs: 1000, settleTimeMs: 1000, collectEveryMs: 1000 };
const LEAF = { certificate: '', chain: [], names: [], serialNumber: '', issuer: 'a CA', fingerprint256: '' };
const memory = {
  save: ({ before, after }: Step) => Promise.resolve({ ...after, version: before.version + 1 }),
};

function addYears(from: number, years: number): number {
  const date = new Date(from);
  const isLeapDay = date.getUTCMonth() === 1 && date.getUTCDate() === 29;
  const day = isLeapDay && (date.getUTCFullYear() + years) % 4 !== 0 ? 28 : date.getUTCDate();
  const clock = from % DAY;
  return Date.UTC(date.getUTCFullYear() + years, date.getUTCMonth(), day) + clock;
}

/** One service through random years: the record by the real functions, and beside it what was bought and issued. */
class Life {
  now = START;
  record: CertificateRecord;
  /** What only purchases move. */
  termEnd: number;
  readonly leaves: { from: number; till: number }[] = [];
  readonly #random: () => number;
  readonly #clocks: Parameters<typeof composeIssued>[0];

  constructor(seed: number) {
    this.#random = createRandom(seed);
    const leads = [null, null, 10 * DAY, 60 * DAY];
    const timing = { reissueBeforeMs: this.#pick(leads), reissueSpreadMs: this.#pick([null, 0]) };
    this.#clocks = { settings: { ...SETTINGS, ...timing }, now: () => this.now };
    const years = 1 + Math.floor(this.#random() * 5);
    const order = composeOperation('order', 'pending-validation', START);
    const { record } = composeTestRecord(`s-${seed}`, {
      ...{ status: 'pending-validation', years, operation: order, certificateId: 1, certificateIds: [1] },
    });
    this.record = record;
    this.termEnd = addYears(START, years);
    this.#issue();
  }

  #pick<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
    const choice = choices[Math.floor(this.#random() * choices.length)];
    if (choice === undefined) throw new Error('nothing to pick from');
    return choice;
  }

  /** CAs end a leaf at the term's end, or a little before it, or do not care. */
  #issue(): void {
    const life = this.#pick([7, 47, 100, 200, 398]) * DAY;
    const end = this.#pick([Infinity, this.termEnd, this.termEnd - 1.5 * DAY]);
    const notAfter = Math.max(Math.min(this.now + life, end), this.now + DAY);
    const leaf = { notBefore: this.now, notAfter };
    const stored = { record: this.record, request, draft: null };
    this.record = composeIssued(this.#clocks, stored, { ...LEAF, ...leaf }, 'Standard SSL').after;
    this.leaves.push({ from: leaf.notBefore, till: leaf.notAfter });
  }

  /** A reissue or renewal from its beginning to some end, or to no end. */
  #run(job: OperationJob, reason: 'end-date' | 'rekey' | null): void {
    if (this.record.operation === null || findObstacle(this.record) === null) this.#begin(job, reason);
    this.#go();
  }

  #begin(job: OperationJob, reason: 'end-date' | 'rekey' | null): void {
    const renewal = job === 'renew' ? { years: this.#pick([1, 2]), extends: this.record.termEnd } : {};
    const operation = composeOperation(job, 'accepted', this.now, { reason, certificateId: 2, ...renewal });
    this.record = beginOperation({ record: this.record, request, draft: null }, operation, this.now);
  }

  #go(): void {
    const { operation } = this.record;
    if (operation === null || !isUnfinished(operation.state)) return;
    const end = this.#pick(['issued', 'issued', 'issued', 'failed', 'parked', 'waits']);
    if (end === 'waits') return;
    if (end === 'failed' || end === 'parked') {
      this.record = moveRecord(this.record, end, this.now, { problem: 'why', nextActionAt: null });
      return;
    }
    if (operation.state === 'accepted') {
      const activatedAt = new Date(this.now).toISOString();
      this.record = moveRecord(this.record, 'pending-validation', this.now, { activatedAt });
    }
    if (operation.job === 'renew') {
      const isInTime = Date.parse(this.record.activatedAt ?? '') < this.termEnd;
      this.now += this.#random() * 3 * DAY;
      this.termEnd = addYears(isInTime ? this.termEnd : Math.round(this.now), operation.years ?? 0);
    }
    this.now = Math.round(this.now);
    this.#issue();
  }

  async step(): Promise<void> {
    this.now = Math.round(this.now + this.#random() ** 3 * 60 * DAY);
    const choice = this.#random();
    if (choice < 0.4) await this.#scan();
    else if (choice < 0.7) this.#go();
    else if (choice < 0.8) this.#run('reissue', 'rekey');
    else if (this.now > this.termEnd - 90 * DAY) this.#run('renew', null);
  }

  async #scan(): Promise<void> {
    for (const task of listTasks(this.record, this.now)) {
      const stored = { record: this.record, request, draft: null, pem: null };
      this.record = (await carryOut(memory, stored, task, this.now)) ?? this.record;
    }
  }
}

/** Whether scans that come in time would begin a reissue for the record as it is, and nothing else happens. */
async function isReissueToCome(record: CertificateRecord): Promise<boolean> {
  let present = record;
  for (let turn = 0; turn < 20; turn++) {
    const now = computeNextScan(present);
    if (now === null) return false;
    for (const task of listTasks(present, now)) {
      const stored = { record: present, request, draft: null, pem: null };
      const saved = await carryOut(memory, stored, task, now);
      if (
        task === 'reissue' &&
        saved?.operation?.state === 'accepted' &&
        saved.operation !== present.operation
      )
        return true;
      present = saved ?? present;
    }
  }
  throw new Error('scans of one record did not come to an end');
}

async function play(check: (life: Life, seed: number) => void | Promise<void>): Promise<void> {
  for (let seed = 1; seed <= RUNS; seed++) {
    const life = new Life(seed);
    await check(life, seed);
    for (let step = 0; step < STEPS; step++) {
      await life.step();
      await check(life, seed);
    }
  }
}

describe('whatever is issued, fails, or is bought', () => {
  it('Paid till moves with purchases alone, and is told until a certificate covers the term', async () => {
    let renewals = 0;
    await play(({ record, termEnd }, seed) => {
      renewals += record.renewals.length;
      const end = Date.parse(record.endDate ?? '');
      expect([seed, Date.parse(record.termEnd ?? '')]).toEqual([seed, termEnd]);
      const isCovered = termEnd - end <= 2 * DAY;
      expect([seed, record.paidTill]).toEqual([seed, isCovered ? null : record.termEnd]);
    });
    expect(renewals).toBeGreaterThan(RUNS);
  });

  it('the End date is that of the last certificate', async () => {
    await play(({ record, leaves }, seed) => {
      const [end, begin] = [record.endDate, record.issuedAt].map((iso) => Date.parse(iso ?? ''));
      expect([seed, begin, end]).toEqual([seed, leaves.at(-1)?.from, leaves.at(-1)?.till]);
    });
  });

  it('the covered spans are sorted, disjoint, and hold exactly what the certificates cover', async () => {
    await play(({ record, leaves }, seed) => {
      const spans = record.covered.map(({ from, till }) => [Date.parse(from), Date.parse(till)] as const);
      for (const [index, [from, till]] of spans.entries()) {
        expect(from).toBeLessThan(till);
        expect(from).toBeGreaterThan(spans[index - 1]?.[1] ?? 0);
      }
      // What ended more than 400 days before the last end may be forgotten.
      const kept = Math.max(...leaves.map(({ till }) => till)) - 400 * DAY;
      for (const { from, till } of leaves.filter((leaf) => leaf.till > kept))
        expect([seed, spans.some(([a, b]) => a <= from && till <= b)]).toEqual([seed, true]);
      for (const [from, till] of spans.filter(([, end]) => end > kept)) {
        expect([seed, leaves.some((leaf) => leaf.from === from)]).toEqual([seed, true]);
        expect([seed, leaves.some((leaf) => leaf.till === till)]).toEqual([seed, true]);
        for (let time = Math.max(from, kept); time < till; time += 5 * DAY)
          expect([seed, leaves.some((leaf) => leaf.from <= time && time <= leaf.till)]).toEqual([seed, true]);
      }
    });
  });

  it('the covered spans do not depend on the order in which certificates become known', () => {
    const random = createRandom(7);
    for (let run = 0; run < RUNS; run++) {
      const leaves = Array.from({ length: 8 }, () => {
        const from = START + Math.floor(random() * 300) * DAY;
        return { from, till: from + (1 + Math.floor(random() * 60)) * DAY };
      });
      const cover = (ones: typeof leaves) =>
        ones.reduce<Span[]>((covered, { from, till }) => addSpan(covered, from, till), []);
      const shuffled = leaves.toSorted(() => random() - 0.5);
      expect(cover(shuffled)).toEqual(cover(leaves.toSorted((a, b) => a.from - b.from)));
    }
  });

  it('a gap is told exactly when something is paid beyond the End date that nothing closes', async () => {
    const seen = { gap: 0, none: 0 };
    await play(async ({ record, termEnd }, seed) => {
      const { operation } = record;
      const isPaid = record.paidTill !== null && Date.parse(record.endDate ?? '') < termEnd;
      const isWaiting = operation?.job === 'renew' && operation.state === 'accepted';
      const isRunning = operation !== null && isUnfinished(operation.state) && !isWaiting;
      const isGap = isPaid && !isRunning && !(await isReissueToCome(record));
      expect([seed, findGap(record) !== null]).toEqual([seed, isGap]);
      seen[isGap ? 'gap' : 'none'] += 1;
    });
    expect(Math.min(seen.gap, seen.none)).toBeGreaterThan(RUNS);
  });
});
