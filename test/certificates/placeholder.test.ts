import { describe, expect, it } from 'vitest';
import { checkNewOrder, orderPayloadSchema } from '../../src/certificates/order-payload.js';
import { isPlaceholderId } from '../../src/certificates/placeholder.js';
import { readOrder } from '../helpers/decisions.js';
import { importNow, loseData } from '../helpers/imports.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();

/** A certificate whose service is lost. @returns the id of its placeholder. */
async function loseService(play: Play, commonName: string): Promise<string> {
  const { certificateId } = await play.order(commonName, { years: 2 });
  await loseData(play);
  await importNow(play);
  return `nc-${certificateId ?? 0}`;
}

describe('the id of a placeholder', () => {
  it.each([
    ['nc-1', true],
    ['nc-9000001', true],
    ['nc-', false],
    ['nc-1a', false],
    ['NC-1', false],
    ['xnc-1', false],
  ])('%s: %s', (id, isOne) => {
    expect(isPlaceholderId(id)).toBe(isOne);
  });

  it('is refused for an order, with every other fault', async () => {
    await using play = await Play.start(redis);
    const payload = await composeOrder('taken.example.com', { serviceId: 'nc-7' });
    expect(await play.run('order', payload)).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/serviceId: nc- and a number is kept.*billing system/) as string,
    });
    expect(await play.bench.store.certificates.load('nc-7')).toBeNull();
    expect(await play.bench.countCalls('')).toBe(0);
    const order = orderPayloadSchema.parse({ ...payload, type: 'Nothing SSL' });
    expect(() => checkNewOrder(order)).toThrow(/serviceId: nc-.*type: "Nothing SSL"/s);
  });

  it('stands for its record in every other job', async () => {
    await using play = await Play.start(redis);
    const serviceId = await loseService(play, 'works.example.com');
    // As it is rung after a decision.
    expect(await play.run('order', await readOrder(play, serviceId))).toMatchObject({
      result: { serviceId, status: 'issued' },
    });
    expect(await play.run('sync', { serviceId })).toMatchObject({ result: { serviceId, status: 'issued' } });
    expect(await play.run('reissue', { serviceId })).toMatchObject({ kind: 'done' });
    await play.pass(2000);
    await play.run('collect', {});
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'issued', operation: null });
    expect((await play.bench.read(serviceId)).certificateIds).toHaveLength(2);
  });
});
