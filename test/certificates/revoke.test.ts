import { describe, expect, it } from 'vitest';
import { revoke as revokeJob } from '../../jobs/revoke.js';
import { NamecheapError } from '../../src/namecheap/errors.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const REVOKE = 'ssl.revokecertificate';

/** A service with a replaced certificate, and that certificate's id. */
async function startReplaced(play: Play, commonName: string) {
  const first = await play.order(commonName, { years: 2 });
  const { serviceId, certificateId } = first;
  await play.run('reissue', { serviceId });
  await play.pass(2000);
  await play.run('collect', {});
  const { certificateId: present } = await play.bench.read(serviceId);
  if (certificateId === null || present === null) throw new Error('nothing was issued');
  return { serviceId, old: certificateId, present };
}

async function listRevoked(play: Play): Promise<unknown[]> {
  const events = await play.bench.store.events.readAfter('0', 1000);
  return events
    .map(({ json }) => JSON.parse(json) as { type: string; data: { revokedIds: number[] } })
    .filter(({ type }) => type === 'certificate.revoked')
    .map(({ data }) => data.revokedIds);
}

async function readRevokedAt(play: Play, id: number): Promise<string | null> {
  const answer = await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/_ledger`);
  const { certificates } = (await answer.json()) as {
    certificates: { certificateId: number; revokedAt: string | null }[];
  };
  return certificates.find(({ certificateId }) => certificateId === id)?.revokedAt ?? null;
}

describe('a replaced certificate', () => {
  it('is revoked by one call; the one in force stays', async () => {
    await using play = await Play.start(redis);
    const { serviceId, old, present } = await startReplaced(play, 'revoke.example.com');
    const end = await play.run('revoke', { serviceId, certificateId: old });
    expect(end).toMatchObject({ result: { status: 'issued', certificateId: present, revokedIds: [old] } });
    expect(await readRevokedAt(play, old)).not.toBeNull();
    expect(await play.bench.countCalls(REVOKE)).toBe(1);
    expect(await listRevoked(play)).toEqual([[old]]);
    const history = await play.bench.store.certificates.readHistory(serviceId);
    expect(history.map(({ cause }) => cause).slice(-2)).toEqual([
      `revocation of certificate ${old} begun`,
      `certificate ${old} revoked`,
    ]);
    // The same again, by the same request or another one, calls nothing.
    await play.run('revoke', { serviceId, certificateId: old });
    expect(await play.bench.countCalls(REVOKE)).toBe(1);
    expect(await listRevoked(play)).toHaveLength(1);
  });

  it('is revoked although the answer was lost: the refusal of the repeated call proves it', async () => {
    await using play = await Play.start(redis);
    const { serviceId, old } = await startReplaced(play, 'lost.example.com');
    await play.bench.control('_fault', { command: REVOKE, fault: 'drop-after', count: 1 });
    const wish = { serviceId, certificateId: old, requestId: 'revoke-1' };
    expect(await play.run('revoke', wish)).toMatchObject({ kind: 'wait' });
    expect(await play.bench.read(serviceId)).toMatchObject({ revoking: [old], revokedIds: [] });
    expect(await play.run('revoke', wish)).toMatchObject({ result: { revokedIds: [old] } });
    expect(await play.bench.read(serviceId)).toMatchObject({ revoking: [], errands: [] });
    expect(await listRevoked(play)).toEqual([[old]]);
  });

  it('is revoked by the second call when the first one did not arrive', async () => {
    await using play = await Play.start(redis);
    const { serviceId, old } = await startReplaced(play, 'before.example.com');
    await play.bench.control('_fault', { command: REVOKE, fault: 'drop-before', count: 1 });
    const wish = { serviceId, certificateId: old, requestId: 'revoke-2' };
    expect(await play.run('revoke', wish)).toMatchObject({ kind: 'wait' });
    expect(await readRevokedAt(play, old)).toBeNull();
    expect(await play.run('revoke', wish)).toMatchObject({ kind: 'done' });
    expect(await readRevokedAt(play, old)).not.toBeNull();
  });

  it('that somebody revoked by hand is not taken for revoked by us', async () => {
    await using play = await Play.start(redis);
    const { serviceId, old } = await startReplaced(play, 'byhand.example.com');
    await play.bench.api.revokeCertificate({ certificateId: old, type: 'Standard SSL' });
    // A call that was held back did surely nothing: it must not count as a first try.
    await play.bench.control('_fault', { command: REVOKE, fault: 'throttle', count: 1 });
    const wish = { serviceId, certificateId: old, requestId: 'revoke-3' };
    expect(await play.run('revoke', wish)).toMatchObject({ kind: 'wait' });
    expect((await play.bench.read(serviceId)).revoking).toEqual([]);
    expect(await play.run('revoke', wish)).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/ERR_NOT_REPLACED.*probably revoked by hand/) as string,
    });
    expect(await play.bench.read(serviceId)).toMatchObject({ revoking: [], revokedIds: [], errands: [] });
  });

  it('of a former product is revoked under the name that Namecheap has for it', async () => {
    await using play = await Play.start(redis);
    const { serviceId, old } = await startReplaced(play, 'renamed.example.com');
    const types: string[] = [];
    withApi(play.bench, {
      revokeCertificate: (input) => {
        types.push(input.type);
        if (input.type === 'EssentialSSL') return play.bench.api.revokeCertificate(input);
        const faults = [{ number: 2011300, text: 'CertificateType is invalid' }];
        const details = { errorClass: 'input', outcome: 'not-made', verdict: 'fail' } as const;
        const call = { command: 'namecheap.ssl.revokecertificate', kind: 'submit', httpStatus: 200 } as const;
        return Promise.reject(new NamecheapError('2011300', { ...call, ...details, faults }));
      },
      getInfo: async (input) => ({ ...(await play.bench.api.getInfo(input)), type: 'essentialssl' }),
    });
    expect(await play.run('revoke', { serviceId, certificateId: old })).toMatchObject({ kind: 'done' });
    expect(types).toEqual(['Standard SSL', 'EssentialSSL']);
  });

  it('is revoked although the job was lost before it began, also for a closed service', async () => {
    await using play = await Play.start(redis);
    const { serviceId, old } = await startReplaced(play, 'rung.example.com');
    const payload = revokeJob.schema.parse({ serviceId, certificateId: old });
    await revokeJob.accept?.(payload, play.bench.store, play.now(), 'revoke-lost');
    await play.run('close', { serviceId });
    await play.pass(61_000);
    await play.run('collect', {});
    await play.drain();
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'closed',
      revokedIds: [old],
      errands: [],
    });
  });
});

describe('a certificate that cannot be revoked', () => {
  it('is refused before any call: in force, in flight, or not the service’s', async () => {
    await using play = await Play.start(redis);
    const { serviceId, old, present } = await startReplaced(play, 'refused.example.com');
    await play.bench.control('_validation', { mode: 'never' });
    await play.run('reissue', { serviceId });
    const flight = (await play.bench.read(serviceId)).operation?.certificateId;
    const refusals = {
      [present]: /ERR_NOT_REPLACED/,
      [flight ?? 0]: /ERR_NOT_REPLACED/,
      12: /ERR_INPUT.*not a certificate of service/,
    };
    for (const [id, reason] of Object.entries(refusals))
      expect(await play.run('revoke', { serviceId, certificateId: Number(id) })).toMatchObject({
        kind: 'fail',
        reason: expect.stringMatching(reason) as string,
      });
    expect(await play.bench.countCalls(REVOKE)).toBe(0);
    expect(await play.bench.read(serviceId)).toMatchObject({ errands: [], revokedIds: [] });
    expect(old).not.toBe(present);
  });

  it('of the term before is still active at Namecheap: it says so', async () => {
    await using play = await Play.start(redis, { leafDays: 365 });
    const { serviceId, certificateId } = await play.order('terms.example.com');
    await play.passDays(300);
    await play.run('renew', { serviceId, years: 1 });
    await play.pass(2000);
    await play.run('collect', {});
    expect(await play.run('revoke', { serviceId, certificateId })).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/ERR_NOT_REPLACED.*"active".*support/) as string,
    });
    expect(await play.bench.read(serviceId)).toMatchObject({ revoking: [], errands: [] });
  });

  it('of a module that points to another account now is left alone', async () => {
    await using play = await Play.start(redis);
    const { serviceId, old } = await startReplaced(play, 'account.example.com');
    play.bench.work.account = { ...play.bench.work.account, id: 'another' };
    expect(await play.run('revoke', { serviceId, certificateId: old })).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/ERR_OTHER_ACCOUNT/) as string,
    });
    expect(await play.bench.countCalls(REVOKE)).toBe(0);
  });
});
