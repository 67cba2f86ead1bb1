import { beforeAll, expect, test } from 'vitest';
import { readInfo, reissue, renew } from './certificates.js';
import { buyAndActivate, call, command, readTexts, start } from './client.js';
import { makeCsr } from './csr.js';

let pem: string;

beforeAll(async () => {
  ({ pem } = await makeCsr('CN=shop.example'));
});

test('when told so, a reissued certificate stays active with its ReplacedBy until the new one is issued', async () => {
  await using sandbox = await start({ replacedWhen: 'issued', leafDays: 60 });
  const old = await buyAndActivate(sandbox, 'PositiveSSL', pem);
  await command(sandbox, '/_validation', { mode: 'never' });
  const { id } = await reissue(sandbox, old, pem);
  expect((await readInfo(sandbox, old)).attributes).toMatchObject({ Status: 'active', ReplacedBy: id });
  expect((await renew(sandbox, old)).numbers).toEqual([4011331]);
  const revocation = { CertificateID: old, CertificateType: 'PositiveSSL' };
  expect((await call(sandbox, 'ssl.revokecertificate', revocation)).numbers).toEqual([4011331]);
  await command(sandbox, '/_validation', { certificateId: Number(id), mode: 'now' });
  expect((await readInfo(sandbox, old)).attributes).toMatchObject({ Status: 'replaced', ReplacedBy: id });
  expect((await call(sandbox, 'ssl.revokecertificate', revocation)).numbers).toEqual([]);
});

test('a cancelled old certificate stays cancelled when its reissue is issued', async () => {
  await using sandbox = await start({ replacedWhen: 'issued' });
  const old = await buyAndActivate(sandbox, 'PositiveSSL', pem);
  await command(sandbox, '/_validation', { mode: 'never' });
  const { id } = await reissue(sandbox, old, pem);
  await command(sandbox, '/_status', { certificateId: Number(old), status: 'cancelled' });
  await command(sandbox, '/_validation', { certificateId: Number(id), mode: 'now' });
  expect((await readInfo(sandbox, old)).attributes['Status']).toBe('cancelled');
});

test.each(['accepted', 'issued'] as const)(
  'with a replacement when %s, a second reissue is told that one is in progress, until it is issued',
  async (replacedWhen) => {
    await using sandbox = await start({ replacedWhen });
    const old = await buyAndActivate(sandbox, 'PositiveSSL', pem);
    await command(sandbox, '/_validation', { mode: 'never' });
    const { id } = await reissue(sandbox, old, pem);
    const again = await reissue(sandbox, old, pem);
    expect(again).toMatchObject({ id: '0', numbers: [4011331] });
    expect(again.texts[0]).toContain('already in progress');
    await command(sandbox, '/_validation', { certificateId: Number(id), mode: 'now' });
    const late = await reissue(sandbox, old, pem);
    expect(late.numbers).toEqual([4011331]);
    expect(late.texts[0]).not.toContain('in progress');
  },
);

test.each(['resendApproverEmail', 'editDCVMethod'])(
  'a validation that waits to be asked again goes on after ssl.%s',
  async (name) => {
    await using sandbox = await start({ validationDelayMs: 5000, now: () => Date.UTC(2026, 10, 22) });
    await command(sandbox, '/_validation', { mode: 'retry' });
    const CertificateID = await buyAndActivate(sandbox, 'PositiveSSL', pem);
    await command(sandbox, '/_clock', { advance: '1d' });
    expect((await readInfo(sandbox, CertificateID)).attributes['Status']).toBe('purchased');
    const fields = { CertificateID, DCVMethod: 'CNAME_CSR_HASH' };
    expect((await call(sandbox, `ssl.${name}`, fields)).numbers).toEqual([]);
    await command(sandbox, '/_clock', { advance: '4s' });
    expect((await readInfo(sandbox, CertificateID)).attributes['Status']).toBe('purchased');
    await command(sandbox, '/_clock', { advance: '1s' });
    expect((await readInfo(sandbox, CertificateID)).attributes['Status']).toBe('active');
  },
);

test('a validation that never completes stays so when the mail is sent again', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_validation', { mode: 'never' });
  const CertificateID = await buyAndActivate(sandbox, 'PositiveSSL', pem);
  await call(sandbox, 'ssl.resendApproverEmail', { CertificateID });
  const { raw, attributes } = await readInfo(sandbox, CertificateID);
  expect(attributes['Status']).toBe('purchased');
  expect(readTexts(raw, 'CommonName')).toEqual(['shop.example']);
});
