import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountId } from '../../src/modules/settings.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { composeOrder } from '../helpers/orders.js';
import { System } from '../helpers/system.js';
import { run, type CommandRun } from './command-line.js';

let system: System;
let account: string;
const pm = (...argv: string[]): Promise<CommandRun> => run(argv, { env: system.environment });

beforeAll(async () => {
  system = await System.start({ sandbox: { validationDelayMs: 3_600_000, limits: [0, 0, 0] } });
  const module = await system.app.store.modules.load('default');
  if (module === null) throw new Error('no module');
  account = accountId(module);
});
afterAll(() => system[Symbol.asyncDispose]());

/** A certificate that somebody buys by hand. @returns its id. */
async function buyByHand(): Promise<number> {
  const known = (await system.readLedger()).certificates.map(({ certificateId }) => certificateId);
  await system.control('_purchase', { type: 'Standard SSL', years: 1 });
  const { certificates } = await system.readLedger();
  return certificates.find(({ certificateId }) => !known.includes(certificateId))?.certificateId ?? 0;
}

/** An order that the CA rejected: parked with its certificate. */
async function parkOrder(commonName: string): Promise<CertificateRecord> {
  await system.control('_fault', { command: 'ssl.activate', fault: 'purchaseerror', count: 1 });
  const payload = await composeOrder(commonName);
  await system.app.enqueue('order', payload);
  return await system.untilRecord(payload.serviceId, ({ status }) => status === 'parked');
}

describe('certificate resolve', () => {
  it('wants exactly one decision, a service id and a certificate id that can be', async () => {
    const none = await pm('certificate', 'resolve', '1');
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toContain('exactly one of --adopt ID, --not-made, --release, --retry');
    expect((await pm('certificate', 'resolve', '1', '--retry', '--release')).code).toBe(2);
    expect((await pm('certificate', 'resolve', '1', '--adopt', 'x')).code).toBe(2);
    expect((await pm('certificate', 'resolve', 'a b', '--retry')).code).toBe(2);
    const unknown = await pm('certificate', 'resolve', 'nobody', '--retry');
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stderr).toContain('ERR_NO_SERVICE');
  });

  it('lets a worker carry it out and prints the record', async () => {
    const { serviceId, certificateId } = await parkOrder('retry.example.com');
    await system.control('_status', { certificateId, status: 'newpurchase' });
    const { code, stdout } = await pm('certificate', 'resolve', serviceId, '--retry');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(serviceId) as string });
    await system.untilRecord(serviceId, ({ status }) => status === 'pending-validation');
    const again = await pm('certificate', 'resolve', serviceId, '--retry', '--json');
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toContain('goes on by itself');
  });

  it('ends with 1 when the look at Namecheap refuses it, and with 2 when it does not fit', async () => {
    const { serviceId, certificateId } = await parkOrder('release.example.com');
    const refused = await pm('certificate', 'resolve', serviceId, '--release');
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('resolve-') as string });
    expect(refused.stderr).toMatch(/Nothing was changed.*support/);
    expect((await pm('certificate', 'resolve', serviceId, '--not-made')).code).toBe(2);
    await system.control('_status', { certificateId, status: 'newpurchase' });
    const done = await pm('certificate', 'resolve', serviceId, '--release', '--json');
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ serviceId, status: 'failed', certificateId: null });
    const { stdout } = await pm('stock', 'list', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { certificateId, kind: 'stock', years: 1, modules: ['default'] },
    ]);
    expect((await pm('stock', 'mark', String(certificateId), '--foreign')).code).toBe(0);
  });
});

describe('stock', () => {
  it('tells what the last list showed of foreign ones, and marks them', async () => {
    const id = await buyByHand();
    // The list is read once in ten minutes; this one is old.
    await system.app.store.redis.del(system.app.store.keys.account(account, 'listing'));
    const other = await composeOrder('list.example.com');
    await system.app.enqueue('order', other);
    await system.untilRecord(other.serviceId, ({ status }) => status === 'pending-validation');
    const listed = JSON.parse(
      (await pm('stock', 'list', '--module', 'default', '--json')).stdout,
    ) as object[];
    expect(listed).toContainEqual(
      expect.objectContaining({ certificateId: id, kind: 'foreign', type: 'Standard SSL', years: 1 }),
    );
    expect((await pm('stock', 'list')).stdout).toMatch(new RegExp(`${id}.*foreign.*Standard SSL`));

    expect(await pm('stock', 'mark', String(id), '--ours')).toMatchObject({
      ...{ code: 0, stdout: `Certificate ${id} is stock now.\n` },
    });
    expect((await pm('stock', 'mark', String(id), '--ours')).stdout).toContain('nothing was changed');
    const charges = (await system.readLedger()).charges.length;
    const next = await composeOrder('stock.example.com');
    await system.app.enqueue('order', next);
    const taken = await system.untilRecord(next.serviceId, ({ status }) => status === 'pending-validation');
    expect(taken.certificateId).toBe(id);
    expect((await system.readLedger()).charges).toHaveLength(charges);

    const claimed = await pm('stock', 'mark', String(id), '--foreign');
    expect(claimed).toMatchObject({ code: 2, stdout: '' });
    expect(claimed.stderr).toContain(`belongs to service ${next.serviceId}`);
  });

  it('wants type and years of what no list showed, and one of --ours and --foreign', async () => {
    const faults = await pm('stock', 'mark', '77', '--ours');
    expect(faults.code).toBe(2);
    expect(faults.stderr).toMatch(/--type: is not known[\s\S]*--years: are not known/);
    expect((await pm('stock', 'mark', '77', '--ours', '--type', 'Quantum', '--years', '1')).stderr).toMatch(
      /"Quantum" is not known/,
    );
    expect((await pm('stock', 'mark', '77')).code).toBe(2);
    expect((await pm('stock', 'mark', '0', '--foreign')).code).toBe(2);
    expect((await pm('stock', 'list', '--module', 'nobody')).code).toBe(2);
    const marked = await pm('stock', 'mark', '77', '--ours', '--type', 'positivessl', '--years', '2');
    expect(marked.code).toBe(0);
    expect((await pm('stock', 'mark', '77', '--foreign')).stdout).toContain('foreign now');
  });

  it('wants to know which account, where there are several', async () => {
    await system.addModule('second', { limits: [0, 0, 0] }, { username: 'somebody', apiUser: 'somebody' });
    const { code, stderr } = await pm('stock', 'mark', '78', '--foreign');
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/default, second/) as string,
    });
    expect((await pm('stock', 'mark', '78', '--foreign', '--module', 'second')).code).toBe(0);
    const { stdout } = await pm('stock', 'list', '--module', 'second', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ certificateId: 78, kind: 'foreign', type: null }]);
  });
});
