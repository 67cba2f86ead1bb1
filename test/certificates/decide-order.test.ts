import { describe, expect, it } from 'vitest';
import { moveRecord } from '../../src/certificates/transitions.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import {
  buyByHand,
  decide,
  listIds,
  parkByBalance,
  parkUnknown,
  readBooks,
  readOrder,
  startOrder,
} from '../helpers/decisions.js';

const redis = useRedis();

describe('an order whose purchase is hidden behind an unknown type', () => {
  it('parks with its lane held and names the commands', async () => {
    await using play = await Play.start(redis);
    const { record } = await parkUnknown(play);
    expect(record).toMatchObject({ status: 'parked', certificateId: null });
    expect(record.problem).toContain(`certificate resolve ${record.serviceId} --retry`);
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 0, lanes: 1 });
  });

  it('--retry looks again once the type is known, and adopts it', async () => {
    await using play = await Play.start(redis);
    const { record, mend } = await parkUnknown(play);
    mend();
    expect((await decide(play, record.serviceId, 'retry')).kind).toBe('done');
    const [id] = await listIds(play);
    expect(await play.bench.read(record.serviceId)).toMatchObject({
      status: 'pending-validation',
      certificateId: id,
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });

  it('--adopt settles the purchase with the certificate, and frees the lane for others', async () => {
    await using play = await Play.start(redis);
    const { record, mend } = await parkUnknown(play);
    const [id = 0] = await listIds(play);
    expect((await decide(play, record.serviceId, { adopt: id })).kind).toBe('done');
    expect(await play.bench.read(record.serviceId)).toMatchObject({
      ...{ status: 'pending-validation', certificateId: id, charged: null, problem: null },
    });
    mend();
    expect(await startOrder(play)).toMatchObject({ status: 'pending-validation' });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 2, made: 2, lanes: 0, stock: [] });
    const { keys } = play.bench.store;
    const ledger = await redis.client.hgetall(keys.account(play.bench.work.account.id, 'ledger'));
    expect(JSON.parse(ledger[`adopted-${id}`] ?? '{}')).toMatchObject({
      ...{ serviceId: record.serviceId, certificateId: id, charged: null },
    });
  });

  it('--release frees lane and key; what appears late becomes stock, and the next order takes it', async () => {
    await using play = await Play.start(redis);
    const { record, mend } = await parkUnknown(play);
    expect((await decide(play, record.serviceId, 'release')).kind).toBe('done');
    expect(await play.bench.read(record.serviceId)).toMatchObject({ status: 'failed', purchase: null });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 0, lanes: 0 });
    mend();
    const { keys } = play.bench.store;
    await redis.client.del(keys.account(play.bench.work.account.id, 'listing'));
    // The list is read before the next purchase; that order has looked into stock before, the one after it finds it there.
    await startOrder(play);
    const [id = 0] = await listIds(play);
    expect(await readBooks(play, redis)).toMatchObject({ charges: 2, made: 1, stock: [id] });
    await play.run('order', await readOrder(play, record.serviceId));
    expect(await play.bench.read(record.serviceId)).toMatchObject({ certificateId: id });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 2, made: 2, lanes: 0, stock: [] });
  });

  it('--not-made buys it, once, and leaves alone what somebody bought by hand', async () => {
    await using play = await Play.start(redis);
    await play.bench.control('_fault', { command: 'ssl.create', fault: 'drop-before', count: 1 });
    const { serviceId } = await startOrder(play);
    const strange = await buyByHand(play, 'PremiumSSL');
    await decide(play, serviceId, 'not-made');
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ status: 'pending-validation', lostTries: 0 });
    expect(record.certificateId).not.toBe(strange);
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
    const history = await play.bench.store.certificates.readHistory(serviceId);
    expect(history.map(({ cause }) => cause)).toContain('decided by a person: not made; it is tried again');
  });
});

describe('an order that parked with its lane free', () => {
  it('is never bought again by --retry: nobody knows what became of the first purchase', async () => {
    await using play = await Play.start(redis);
    const { serviceId, problem } = await parkByBalance(play);
    expect(problem).toMatch(/8\.8800.*--adopt ID.*--not-made.*--release/);
    expect(await decide(play, serviceId, 'retry')).toMatchObject({ kind: 'fail' });
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'parked', errands: [] });
    expect(await play.bench.countCalls('ssl.create')).toBe(1);
  });

  it('--not-made drops the balance as evidence and buys', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await parkByBalance(play);
    await decide(play, serviceId, 'not-made');
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'pending-validation' });
    expect(await play.bench.store.listings.readBalance(play.bench.work.account.id)).toBeNull();
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });

  it('--adopt takes a foreign one of the account', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await parkByBalance(play);
    const id = await buyByHand(play);
    const { stock } = play.bench.store;
    await stock.markForeign(play.bench.work.account.id, id, new Date(0).toISOString());
    expect((await decide(play, serviceId, { adopt: id })).kind).toBe('done');
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'pending-validation',
      certificateId: id,
    });
    const books = await readBooks(play, redis);
    expect(books).toMatchObject({ charges: 0, made: 1, foreign: [], claims: { [id]: serviceId } });
  });

  it('--adopt refuses what does not fit, and changes nothing', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await parkByBalance(play);
    const owner = await play.order('owner.example.com');
    const [other, years, active] = [
      await buyByHand(play, 'PremiumSSL'),
      await buyByHand(play, 'Standard SSL', 2),
      await buyByHand(play),
    ];
    const { csr } = await composeOrder('stranger.example.com');
    await play.bench.control('_activate', { certificateId: active, csr });
    const before = await play.bench.read(serviceId);
    const why = async (id: number) => JSON.stringify(await decide(play, serviceId, { adopt: id }));
    expect(await why(other)).toMatch(/not of the class/);
    expect(await why(years)).toMatch(/for 2 year\(s\), not 1/);
    expect(await why(active)).toMatch(/another CSR than ours/);
    expect(await why(owner.certificateId ?? 0)).toMatch(/another CSR|belongs to service/);
    const after = await play.bench.read(serviceId);
    expect({ ...after, version: 0, doneErrands: [] }).toEqual({ ...before, version: 0, doneErrands: [] });
    expect((await readBooks(play, redis)).claims[String(owner.certificateId)]).toBe(owner.serviceId);
  });

  it('--release lets the same service be ordered afresh', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await parkByBalance(play);
    await decide(play, serviceId, 'release');
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'failed' });
    await play.run('order', await readOrder(play, serviceId));
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'pending-validation' });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });
});

describe('an order whose record lost its purchase, as a restored older one has', () => {
  async function parkLost(play: Play) {
    await play.bench.control('_fault', { command: 'ssl.create', fault: 'drop-after', count: 1 });
    const before = await startOrder(play);
    const after = moveRecord(before, 'accepted', play.now(), { purchase: null });
    await play.bench.store.certificates.save({ before, after, change: { cause: 'an older record' } });
    await play.run('order', await readOrder(play, before.serviceId));
    const record = await play.bench.read(before.serviceId);
    expect(record).toMatchObject({ status: 'parked', purchase: null });
    expect(record.problem).toContain(`certificate resolve ${before.serviceId} --adopt ID`);
    return record.serviceId;
  }

  it('--retry looks it up, for the lane still waits for it', async () => {
    await using play = await Play.start(redis);
    const serviceId = await parkLost(play);
    await decide(play, serviceId, 'retry');
    const [id] = await listIds(play);
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'pending-validation',
      certificateId: id,
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });

  it('--adopt settles the purchase that the books hold', async () => {
    await using play = await Play.start(redis);
    const serviceId = await parkLost(play);
    const [id] = await listIds(play);
    await decide(play, serviceId, { adopt: id });
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'pending-validation',
      certificateId: id,
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });
});

describe('an order with a certificate', () => {
  async function parkPurchaseError(play: Play) {
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'purchaseerror', count: 1 });
    const { serviceId } = await startOrder(play);
    for (let run = 0; run < 3; run++) await play.run('order', await readOrder(play, serviceId));
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ status: 'parked' });
    return { serviceId, id: record.certificateId ?? 0, problem: record.problem };
  }

  it('that the CA rejected goes on with --retry once support has reset it', async () => {
    await using play = await Play.start(redis);
    const { serviceId, id, problem } = await parkPurchaseError(play);
    expect(problem).toContain(`certificate resolve ${serviceId} --retry`);
    expect(JSON.stringify(await decide(play, serviceId, 'release'))).toMatch(/purchaseerror.*support/);
    await play.bench.control('_status', { certificateId: id, status: 'newpurchase' });
    await decide(play, serviceId, 'retry');
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'pending-validation',
      certificateId: id,
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1 });
  });

  it('parked while pending is activated anew by --retry when support has reset it, and looked at when not', async () => {
    await using play = await Play.start(redis);
    await play.bench.control('_validation', { mode: 'never' });
    const { serviceId, certificateId } = await startOrder(play);
    await play.bench.control('_status', { certificateId, status: 'purchaseerror' });
    await play.pass(3000);
    await play.run('collect', {});
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'parked' });
    await play.bench.control('_status', { certificateId, status: 'purchased' });
    await decide(play, serviceId, 'retry');
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'pending-validation' });
    expect(await play.bench.countCalls('ssl.activate')).toBe(1);
    await play.bench.control('_status', { certificateId, status: 'purchaseerror' });
    await play.pass(3000);
    await play.run('collect', {});
    await play.bench.control('_status', { certificateId, status: 'newpurchase' });
    await decide(play, serviceId, 'retry');
    expect(await play.bench.countCalls('ssl.activate')).toBe(2);
    await play.bench.control('_validation', { certificateId, mode: 'now' });
    await play.pass(3000);
    await play.run('collect', {});
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'issued', certificateId });
  });

  it('--release puts an unused one to stock, and another service takes it without a charge', async () => {
    await using play = await Play.start(redis);
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'drop-before' });
    const { serviceId, certificateId } = await startOrder(play);
    await play.pass(8 * 86_400_000);
    await play.run('order', await readOrder(play, serviceId));
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'parked', certificateId });
    expect((await decide(play, serviceId, 'release')).kind).toBe('done');
    expect(await play.bench.read(serviceId)).toMatchObject({
      ...{ status: 'failed', certificateId: null, certificateIds: [], purchase: null },
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 0, stock: [certificateId] });
    await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/_fault`, { method: 'DELETE' });
    expect(await startOrder(play)).toMatchObject({ status: 'pending-validation', certificateId });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, stock: [] });
  });

  it('--release leaves a cancelled one alone, and the service may be ordered afresh', async () => {
    await using play = await Play.start(redis);
    const { serviceId, id } = await parkPurchaseError(play);
    await play.bench.control('_status', { certificateId: id, status: 'cancelled' });
    expect((await decide(play, serviceId, 'release')).kind).toBe('done');
    expect(await readBooks(play, redis)).toMatchObject({ foreign: [id], claims: {}, made: 0 });
    await play.run('order', await readOrder(play, serviceId));
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ status: 'pending-validation' });
    expect(record.certificateId).not.toBe(id);
    expect(await readBooks(play, redis)).toMatchObject({ charges: 2, made: 1, foreign: [id] });
  });

  it('takes no --adopt and no --not-made: it is bought', async () => {
    await using play = await Play.start(redis);
    const { serviceId, id } = await parkPurchaseError(play);
    expect(await decide(play, serviceId, 'not-made')).toMatchObject({ kind: 'fail' });
    expect(await decide(play, serviceId, { adopt: id })).toMatchObject({ kind: 'fail' });
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'parked', certificateId: id });
  });
});
