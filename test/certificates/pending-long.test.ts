import { describe, expect, it } from 'vitest';
import { makeCsr } from '../csr-fixtures.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const HOUR_MS = 3_600_000;

const ORGANIZATION = {
  ...{ name: 'Gleisdreieck Hosting GmbH', country: 'DE', state: 'Berlin', city: 'Berlin' },
  ...{ address1: 'Gleisweg 1', postalCode: '10963', incorporationCountry: 'DE' },
};

async function startPending(play: Play, commonName: string, changes: Readonly<Record<string, unknown>> = {}) {
  await play.bench.control('_validation', { mode: 'never' });
  const payload = await composeOrder(commonName, changes);
  expect(await play.run('order', payload)).toMatchObject({ kind: 'done' });
  return await play.bench.read(payload.serviceId);
}

/** Lets hours pass as a worker would see them: the collector runs every few minutes. */
async function passHours(play: Play, hours: number): Promise<void> {
  for (let step = 0; step < hours * 4; step++) {
    await play.pass(HOUR_MS / 4);
    await play.run('collect', {});
  }
}

async function countLong(play: Play): Promise<number> {
  return (await play.readEvents()).filter(({ type }) => type === 'certificate.pending-long').length;
}

describe('a certificate that stays pending', () => {
  it('is told of once after a day, name by name, and is not asked for to death', async () => {
    await using play = await Play.start(redis);
    const names = ['long.example.net', 'www.long.example.net', 'long.example.org'];
    const [commonName = '', ...sans] = names;
    const { csr } = await makeCsr({ commonName, sans });
    const dcvs = [
      { domain: sans[0], method: 'http' },
      { domain: sans[1], method: 'email', approverEmail: 'admin@example.org' },
    ];
    const changes = { type: 'PositiveSSL Multi Domain', csr, sans, dcvs };
    const { serviceId } = await startPending(play, commonName, changes);
    const before = await play.bench.countCalls('');
    await passHours(play, 23);
    expect(await countLong(play)).toBe(0);
    await passHours(play, 72);
    expect(await countLong(play)).toBe(1);
    const { problem, status } = await play.bench.read(serviceId);
    expect(status).toBe('pending-validation');
    expect(problem).toMatch(
      /long\.example\.net needs the CNAME _\S+ → \S+; www\.long\.example\.net needs the file http:\S+; long\.example\.org needs the link in the mail to admin@example\.org/,
    );
    expect(problem).toMatch(/use a dcv job/);
    expect(await play.bench.store.certificates.listOpen(play.now(), 10)).toEqual([]);
    // List pages only, and at most one an hour once it is old.
    expect(await play.bench.countCalls('ssl.getInfo')).toBe(0);
    expect((await play.bench.countCalls('')) - before).toBeLessThan(95 + 20);
  });

  it('is told of again for its next activation, and forgets it once issued', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await startPending(play, 'twice.example.com', { years: 2 });
    await passHours(play, 26);
    await play.bench.control('_validation', { mode: 'now', certificateId });
    await passHours(play, 2);
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'issued', problem: null });
    await play.run('reissue', { serviceId });
    await passHours(play, 26);
    expect(await countLong(play)).toBe(2);
    expect((await play.bench.read(serviceId)).problem).toMatch(/Waiting for validation/);
  });

  it('of OV and EV says that the CA must be answered, DV does not', async () => {
    await using play = await Play.start(redis);
    const services = {
      ov: await startPending(play, 'ov.example.com', { type: 'InstantSSL', organization: ORGANIZATION }),
      ev: await startPending(play, 'ev.example.com', { type: 'EV SSL', organization: ORGANIZATION }),
      dv: await startPending(play, 'dv.example.com'),
    };
    await passHours(play, 25);
    const problem = async (one: keyof typeof services) =>
      (await play.bench.read(services[one].serviceId)).problem;
    expect(await problem('ov')).toMatch(/\(OV\): its mails and calls must be answered/);
    expect(await problem('ev')).toMatch(/\(EV\): its mails and calls must be answered/);
    expect(await problem('dv')).not.toMatch(/organisation/);
    expect(await countLong(play)).toBe(3);
  });

  it('under a status that nobody knows is waited for', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await startPending(play, 'legacy.example.com');
    const { api } = play.bench;
    const words = ['inprogress', 'processing', 'emailsent', 'technicalproblem', 'something new'];
    for (const status of words) {
      withApi(play.bench, {
        getInfo: async (input) => ({ ...(await api.getInfo(input)), status }),
        getList: async (input) => {
          const page = await api.getList(input);
          return { ...page, rows: page.rows.map((row) => ({ ...row, status })) };
        },
      });
      await passHours(play, 2);
      expect(await play.bench.read(serviceId)).toMatchObject({ status: 'pending-validation', problem: null });
    }
    withApi(play.bench, {});
    await play.bench.control('_validation', { mode: 'now', certificateId });
    await passHours(play, 3);
    expect((await play.bench.read(serviceId)).status).toBe('issued');
  });

  it('and is rejected by the CA is parked with whom to write to, and what', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await startPending(play, 'rejected.example.com');
    await play.bench.control('_status', { certificateId, status: 'purchaseerror' });
    await passHours(play, 1);
    const { status, problem } = await play.bench.read(serviceId);
    expect(status).toBe('parked');
    expect(problem).toMatch(
      new RegExp(
        `${String(certificateId)}.*only Namecheap's support can reset it.*certificate resolve .* --retry`,
      ),
    );
    expect((await play.readEvents()).at(-1)?.type).toBe('certificate.parked');
  });
});

describe('an OV or EV order', () => {
  const required = {
    InstantSSL: ['name'],
    'EV SSL': ['name', 'country', 'state', 'city', 'address1', 'postalCode', 'incorporationCountry'],
  };
  const cases = Object.entries(required).flatMap(([type, fields]) =>
    fields.map((field) => ({ type, field })),
  );

  it.each(cases)('of $type without organization.$field buys nothing', async ({ type, field }) => {
    await using play = await Play.start(redis);
    const organization = Object.fromEntries(Object.entries(ORGANIZATION).filter(([name]) => name !== field));
    const payload = await composeOrder('missing.example.com', { type, organization });
    expect(await play.run('order', payload)).toMatchObject({
      kind: 'fail',
      reason: expect.stringContaining(`organization.${field}`) as string,
    });
    expect(await play.bench.countCalls('')).toBe(0);
  });

  it.each(Object.keys(required))('of %s with no more than is required is activated', async (type) => {
    await using play = await Play.start(redis);
    const names: readonly string[] = required[type === 'EV SSL' ? type : 'InstantSSL'];
    const organization = Object.fromEntries(
      Object.entries(ORGANIZATION).filter(([name]) => names.includes(name)),
    );
    const payload = await composeOrder('enough.example.com', { type, organization });
    expect(await play.run('order', payload)).toMatchObject({ result: { status: 'pending-validation' } });
  });
});
