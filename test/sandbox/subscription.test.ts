import type { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { readInfo, readLeaf, reissue, renew } from './certificates.js';
import { buyAndActivate, call, command, readAttributes, readLedger, readTexts, start } from './client.js';
import { makeCsr, type TestCsr } from './csr.js';

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 10, 22, 12, 0, 0);
const LEAF_DAYS = 198;
const REISSUE_AFTER_DAYS = 168;
const FIVE_YEARS_DAYS = 5 * 365 + 1;

interface Step {
  id: string;
  leaf: X509Certificate;
  /** The CNAME's target; null for the first certificate, whose activation is not looked at. */
  target: string | null;
}

async function readStep(sandbox: Sandbox, id: string, csr: TestCsr, target: string | null): Promise<Step> {
  const { leaf, intermediate, root } = await readLeaf(sandbox, id);
  expect(leaf.publicKey.export({ format: 'der', type: 'spki' })).toEqual(csr.publicKey);
  expect(leaf.subjectAltName).toBe('DNS:shop.example, DNS:www.shop.example');
  expect(leaf.checkIssued(intermediate) && leaf.verify(intermediate.publicKey)).toBe(true);
  expect(intermediate.checkIssued(root) && intermediate.verify(root.publicKey)).toBe(true);
  return { id, leaf, target };
}

function readEnd({ leaf }: Step): number {
  return (Date.parse(leaf.validTo) - NOON) / DAY;
}

/** Reissues, each time with a new key, until a certificate reaches the term's end (days after NOON). */
async function reissueUntil(sandbox: Sandbox, from: Step, termEndDays: number): Promise<Step[]> {
  const steps = [from];
  for (let last = from; readEnd(last) < termEndDays; last = steps.at(-1) ?? last) {
    await command(sandbox, '/_clock', { advance: `${REISSUE_AFTER_DAYS}d` });
    const csr = await makeCsr('CN=shop.example');
    const { raw, id, numbers } = await reissue(sandbox, last.id, csr.pem);
    expect(numbers).toEqual([]);
    steps.push(await readStep(sandbox, id, csr, readTexts(raw, 'Target')[0] ?? ''));
  }
  return steps;
}

test('five years are a chain of reissues that ends with the term, and one renewal later goes on', async () => {
  await using sandbox = await start({ leafDays: LEAF_DAYS, now: () => NOON });
  const csr = await makeCsr('CN=shop.example');
  const firstId = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem, { Years: '5' });
  const first = await readStep(sandbox, firstId, csr, null);
  const steps = await reissueUntil(sandbox, first, FIVE_YEARS_DAYS);

  const last = steps.at(-1) ?? first;
  expect(steps).toHaveLength(11);
  expect(steps.map(readEnd)).toEqual(
    steps.map((_, turn) => Math.min(turn * REISSUE_AFTER_DAYS + LEAF_DAYS, FIVE_YEARS_DAYS)),
  );
  expect(new Set(steps.map(({ target }) => target)).size).toBe(11);
  expect(new Set(steps.map(({ leaf }) => leaf.serialNumber)).size).toBe(11);
  for (const [turn, { id }] of steps.entries()) {
    const { attributes } = await readInfo(sandbox, id);
    const next = steps[turn + 1]?.id;
    expect(attributes).toMatchObject(
      next === undefined
        ? { Status: 'active', ReplacedBy: '', Expires: '11/22/2031' }
        : { Status: 'replaced', ReplacedBy: next },
    );
  }
  expect((await readLedger(sandbox)).charges).toHaveLength(1);

  // Day 1680 + 100 = 1780: 46 days of the term are left.
  await command(sandbox, '/_clock', { advance: '100d' });
  const renewal = await renew(sandbox, last.id);
  const fields = { CertificateID: renewal.id, CSR: csr.pem, DNSDCValidation: 'true' };
  const activation = await call(sandbox, 'ssl.activate', fields);
  expect(readAttributes(activation.raw, 'SSLActivateResult')).toEqual([
    { ID: renewal.id, IsSuccess: 'true' },
  ]);
  const renewed = await readStep(sandbox, renewal.id, csr, readTexts(activation.raw, 'Target')[0] ?? '');
  expect(readEnd(renewed)).toBe(1780 + LEAF_DAYS);
  // The year from 2031-10-07 on has a 29 February.
  const termEndDays = 1780 + 366 + 46;
  const followUps = await reissueUntil(sandbox, renewed, termEndDays);
  expect(followUps.map(readEnd)).toEqual([1978, 2146, termEndDays]);
  const { attributes } = await readInfo(sandbox, followUps.at(-1)?.id ?? '');
  expect(attributes).toMatchObject({
    Status: 'active',
    StatusDescription: 'Certificate is Active. (Renewal)',
  });
  const ledger = await readLedger(sandbox);
  expect(ledger.charges.map((charge) => charge['command'])).toEqual([
    'namecheap.ssl.create',
    'namecheap.ssl.renew',
  ]);
});
