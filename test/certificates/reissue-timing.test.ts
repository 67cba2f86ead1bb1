import { describe, expect, it } from 'vitest';
import { computeReissueDue } from '../../src/certificates/due.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import type { LifecycleSettings } from '../../src/certificates/ports.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const DAY = 86_400_000;
const redis = useRedis();

async function start(leafDays: number, settings: Partial<LifecycleSettings> = {}) {
  const play = await Play.start(redis, { leafDays });
  Object.assign(play.bench.work.settings, settings);
  return play;
}

async function order(play: Play) {
  const record = await play.order('timing.example.com', { years: 2 });
  return { record, read: () => play.bench.read(record.serviceId) };
}

/** Scans, reissues and collects until what was begun is issued. */
async function round(play: Play): Promise<void> {
  await play.tick();
  await play.pass(2000);
  await play.tick();
}

async function countEvents(play: Play): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { type } of await play.readEvents()) {
    const name = type.replace('certificate.', '');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const toMs = (iso: string | null) => Date.parse(iso ?? '');

describe('a lead longer than the life', () => {
  it('reissues once, then stops with an event and a problem, and does not loop', async () => {
    await using play = await start(198, { reissueBeforeMs: 365 * DAY });
    const { record, read } = await order(play);
    expect(toMs(record.nextReissueAt)).toBe(toMs(record.issuedAt));
    for (let turn = 0; turn < 12; turn++) {
      await round(play);
      await play.pass(6 * 3_600_000);
    }
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
    const stopped = await read();
    expect(stopped).toMatchObject({ status: 'issued', operation: null, nextReissueAt: null });
    expect(stopped.automationStopped).toContain('PMNAMECHEAP_REISSUE_BEFORE');
    expect(stopped.problem).toContain('a gap from');
    expect(await countEvents(play)).toMatchObject({ 'reissue-due': 1, reissued: 1, gap: 1 });
    // Nobody heard the alarm: it is raised again when time runs out.
    await play.pass(toMs(stopped.endDate) - play.now() - 5 * DAY);
    await round(play);
    expect(await countEvents(play)).toMatchObject({ gap: 1, emergency: 1 });
  });

  it('goes on once a person reissues under a lead that fits', async () => {
    await using play = await start(198, { reissueBeforeMs: 365 * DAY });
    const { read, record } = await order(play);
    await round(play);
    expect((await read()).automationStopped).not.toBeNull();
    Object.assign(play.bench.work.settings, { reissueBeforeMs: 30 * DAY, reissueSpreadMs: 0 });
    await play.passDays(3);
    await play.run('reissue', { serviceId: record.serviceId, reason: 'rekey' });
    await round(play);
    const mended = await read();
    expect(mended).toMatchObject({ automationStopped: null, problem: null });
    expect(toMs(mended.nextReissueAt)).toBe(toMs(mended.endDate) - 30 * DAY);
  });
});

describe('an End date', () => {
  it('that stands still stops the automation', async () => {
    await using play = await start(198);
    const { record, read } = await order(play);
    await play.pass(toMs(record.nextReissueAt) - play.now() + 1000);
    // The CA ends the new certificate where the old one ended.
    const left = (toMs(record.endDate) - play.now()) / DAY;
    await play.bench.control('_first-leaf', { days: left });
    await round(play);
    const after = await read();
    expect(Math.abs(toMs(after.endDate) - toMs(record.endDate))).toBeLessThan(DAY);
    expect(after.certificateIds).toHaveLength(2);
    expect(after.automationStopped).toContain('led nowhere');
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
    await round(play);
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
  });

  it('that comes earlier because the CA shortens lives does not', async () => {
    await using play = await start(398);
    const { record, read } = await order(play);
    await play.pass(toMs(record.nextReissueAt) - play.now() + 1000);
    await play.bench.control('_first-leaf', { days: 47 });
    await round(play);
    const after = await read();
    expect(toMs(after.endDate)).toBeLessThan(toMs(record.endDate));
    expect(after).toMatchObject({ automationStopped: null, termEnd: record.termEnd });
    expect(after.nextReissueAt).not.toBeNull();
  });
});

describe('the settings', () => {
  const due = (
    { serviceId: serial, issuedAt, endDate, paidTill }: CertificateRecord,
    before: number | null,
  ) =>
    computeReissueDue({
      ...{ serial, issuedAt: toMs(issuedAt), endDate: toMs(endDate), paidTill: toMs(paidTill) },
      ...{ reissueBeforeMs: before, reissueSpreadMs: null },
    });

  it('of the time of issue decide, the jitter being the same for every certificate of a service', async () => {
    await using play = await start(99);
    const { record, read } = await order(play);
    expect(toMs(record.nextReissueAt)).toBe(due(record, null));
    const share = (one: CertificateRecord) =>
      (toMs(one.endDate) - toMs(one.nextReissueAt)) / (toMs(one.endDate) - toMs(one.issuedAt));
    await play.pass(toMs(record.nextReissueAt) - play.now() + 1000);
    await round(play);
    const second = await read();
    expect(second.certificateIds).toHaveLength(2);
    expect(share(second)).toBeCloseTo(share(record), 6);
    Object.assign(play.bench.work.settings, { reissueBeforeMs: 20 * DAY });
    await play.pass(toMs(second.nextReissueAt) - play.now() + 1000);
    await round(play);
    const third = await read();
    expect(third.certificateIds).toHaveLength(3);
    expect(toMs(third.nextReissueAt)).toBe(due(third, 20 * DAY));
  });
});
