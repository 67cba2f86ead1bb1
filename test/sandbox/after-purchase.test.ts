import { beforeAll, describe, expect, test } from 'vitest';
import { readInfo, reissue } from './certificates.js';
import {
  buy,
  buyAndActivate,
  call,
  command,
  readAttributes,
  readLedger,
  start,
  type Fields,
} from './client.js';
import { makeCsr, type TestCsr } from './csr.js';

let csr: TestCsr;

beforeAll(async () => {
  csr = await makeCsr('CN=shop.example');
});

describe('ssl.resendApproverEmail', () => {
  test('answers while validation is awaited, and triggers nothing', async () => {
    await using sandbox = await start();
    await command(sandbox, '/_validation', { mode: 'never' });
    const CertificateID = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
    const { raw } = await call(sandbox, 'ssl.resendapproveremail', { CertificateID });
    expect(readAttributes(raw, 'SSLResendApproverEmailResult')).toEqual([
      { ID: CertificateID, IsSuccess: 'true' },
    ]);
    expect((await readInfo(sandbox, CertificateID)).attributes['Status']).toBe('purchased');
  });

  test('refuses certificates before activation and after issuance', async () => {
    await using sandbox = await start();
    const fresh = await call(sandbox, 'ssl.resendApproverEmail', {
      CertificateID: await buy(sandbox, 'PositiveSSL'),
    });
    expect(fresh.numbers).toEqual([2011331]);
    expect(fresh.raw).toContain('<SSLResendApproverEmailResult ID="0" IsSuccess="false"/>');
    const CertificateID = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
    expect((await call(sandbox, 'ssl.resendApproverEmail', { CertificateID })).numbers).toEqual([2011331]);
  });
});

describe('ssl.resendfulfillmentemail', () => {
  const admin = { AdminEmailAddress: 'ops@shop.example' };

  test('answers for an active certificate', async () => {
    await using sandbox = await start();
    const CertificateID = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem, admin);
    const { raw } = await call(sandbox, 'ssl.resendfulfillmentemail', { CertificateID });
    expect(readAttributes(raw, 'SSLResendFulfillmentEmailResult')).toEqual([
      { ID: CertificateID, IsSuccess: 'true' },
    ]);
  });

  test.each<[string, string, Fields, number]>([
    ['without an administrator', 'auto', {}, 3011299],
    ['that is not issued', 'never', admin, 2011331],
  ])('refuses a certificate %s', async (_name, mode, fields, number) => {
    await using sandbox = await start();
    await command(sandbox, '/_validation', { mode });
    const CertificateID = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem, fields);
    const answer = await call(sandbox, 'ssl.resendfulfillmentemail', { CertificateID });
    expect(answer.numbers).toEqual([number]);
    expect(answer.raw).toContain('<SSLResendFulfillmentEmailResult ID="0" IsSuccess="false"/>');
  });
});

describe('ssl.revokecertificate', () => {
  test('revokes a replaced certificate, once', async () => {
    await using sandbox = await start({ now: () => Date.UTC(2026, 10, 22) });
    const old = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
    const { id } = await reissue(sandbox, old, csr.pem);
    const fields = { CertificateID: old, CertificateType: 'PositiveSSL' };
    const { raw } = await call(sandbox, 'ssl.revokeCertificate', fields);
    expect(readAttributes(raw, 'RevokeCertificateResult')).toEqual([{ IsSuccess: 'true', ID: old }]);
    expect((await readInfo(sandbox, old)).attributes).toMatchObject({ Status: 'replaced', ReplacedBy: id });
    expect((await readInfo(sandbox, id)).attributes['Status']).toBe('active');
    expect((await readLedger(sandbox)).certificates[0]).toMatchObject({
      revokedAt: '2026-11-22T00:00:00.000Z',
    });
    expect((await call(sandbox, 'ssl.revokecertificate', fields)).numbers).toEqual([4011331]);
  });

  test.each<[string, Fields, number[]]>([
    ['an active certificate', {}, [4011331]],
    ['an unknown certificate', { CertificateID: '9000009' }, [2011294]],
    ['no type', { CertificateType: '' }, [2011300]],
    ['an unknown type', { CertificateType: 'NegativeSSL' }, [2011300]],
    ['another type', { CertificateType: 'EV SSL' }, [2011300]],
    ['a long type', { CertificateType: 'x'.repeat(51) }, [2011300]],
  ])('refuses %s, and repeats the id', async (_name, fields, numbers) => {
    await using sandbox = await start();
    const id = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
    const sent = { CertificateID: id, CertificateType: 'Standard SSL', ...fields };
    const answer = await call(sandbox, 'ssl.revokecertificate', sent);
    expect(answer.numbers).toEqual(numbers);
    expect(readAttributes(answer.raw, 'RevokeCertificateResult')).toEqual([
      { ID: sent.CertificateID, IsSuccess: 'false' },
    ]);
    expect((await readLedger(sandbox)).certificates[0]).not.toHaveProperty('revokedAt');
  });
});
