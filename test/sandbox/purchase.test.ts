import { describe, expect, test } from 'vitest';
import {
  admin,
  buy,
  call,
  command,
  credentialsOf,
  readAnswer,
  readAttributes,
  readLedger,
  start,
  type Fields,
} from './client.js';

describe('ssl.create', () => {
  test('charges once per call and answers the product that replaced the old one', async () => {
    await using sandbox = await start();
    const answer = await call(sandbox, 'ssl.create', { Type: 'PositiveSSL', Years: '5' });
    expect(answer.status).toBe('OK');
    expect(readAttributes(answer.raw, 'SSLCreateResult')).toEqual([
      { IsSuccess: 'true', OrderId: '7000001', TransactionId: '8000001', ChargedAmount: '44.4000' },
    ]);
    const certificate = readAttributes(answer.raw, 'SSLCertificate')[0];
    expect(certificate).toMatchObject({
      CertificateID: '9000001',
      SSLType: 'Standard SSL',
      Years: '5',
      Status: 'NewPurchase',
    });
    expect(certificate?.['Created']).toMatch(/^\d\d\/\d\d\/\d{4}$/u);
    const ledger = await readLedger(sandbox);
    expect(ledger.balance).toBe('955.6000');
    expect(ledger.charges).toEqual([
      expect.objectContaining({
        certificateId: 9000001,
        amount: '44.4000',
        command: 'namecheap.ssl.create',
        years: 5,
      }),
    ]);
  });

  test.each([
    ['EssentialSSL Wildcard', 'Standard Wildcard SSL'],
    ['positivessl multi domain', 'SAN Certificate'],
    ['InstantSSL', 'High Assurance SSL'],
    ['PremiumSSL Wildcard', 'OV Wildcard SSL'],
    ['Unified Communications', 'OV Multi-domain SSL'],
    ['EV Multi Domain SSL', 'EV Multi-Domain SSL'],
    ['EV SSL', 'EV SSL'],
    ['standard ssl sslcom', 'Standard SSL'],
    ['SAN Certificate SSL SSLcom', 'SAN Certificate'],
  ])('sells %s as %s', async (asked, sold) => {
    await using sandbox = await start();
    const answer = await call(sandbox, 'ssl.create', { Type: asked, Years: '1' });
    expect(readAttributes(answer.raw, 'SSLCertificate')[0]?.['SSLType']).toBe(sold);
  });

  test('charges added names, per year', async () => {
    await using sandbox = await start();
    await buy(sandbox, 'SAN Certificate', { Years: '2', SANStoADD: '3' });
    const { charges } = await readLedger(sandbox);
    expect(charges[0]).toMatchObject({ amount: '97.0400' });
  });

  test.each<[string, Fields, number[], RegExp]>([
    ['nothing', {}, [2010167, 2010298], /Parameter Years is Missing/u],
    ['no years', { Type: 'PositiveSSL' }, [2010167], /Years/u],
    ['years in words', { Type: 'PositiveSSL', Years: 'two' }, [2011167], /Years/u],
    ['no years at all', { Type: 'PositiveSSL', Years: '0' }, [2013167], /out of range/u],
    ['six years', { Type: 'PositiveSSL', Years: '6' }, [2013167], /out of range/u],
    ['an unknown type', { Type: 'NegativeSSL', Years: '1' }, [2011301], /not valid/u],
    ['a discontinued type', { Type: 'RapidSSL', Years: '1' }, [2011301], /discontinued/u],
    ['a long type', { Type: 'x'.repeat(51), Years: '1' }, [2013301], /Type/u],
    [
      'names for a single-name type',
      { Type: 'PositiveSSL', Years: '1', SANStoADD: '1' },
      [2011767],
      /Addon/u,
    ],
    ['too many names', { Type: 'SAN Certificate', Years: '1', SANStoADD: '98' }, [2013900], /out of range/u],
    ['names in words', { Type: 'SAN Certificate', Years: '1', SANStoADD: 'x' }, [2011900], /Invalid/u],
    ['a promotion', { Type: 'PositiveSSL', Years: '1', PromotionCode: 'SUMMER' }, [2011170], /Promotion/u],
    [
      'a long promotion',
      { Type: 'PositiveSSL', Years: '1', PromotionCode: 'x'.repeat(21) },
      [2013170],
      /Long/u,
    ],
  ])('refuses %s and charges nothing', async (_name, fields, numbers, text) => {
    await using sandbox = await start();
    const answer = await call(sandbox, 'ssl.create', fields);
    expect(answer).toMatchObject({ httpStatus: 200, status: 'ERROR', numbers });
    expect(answer.texts[0]).toMatch(text);
    expect(readAttributes(answer.raw, 'SSLCreateResult')).toEqual([
      { IsSuccess: 'false', OrderId: '0', TransactionId: '0', ChargedAmount: '0' },
    ]);
    expect(await readLedger(sandbox)).toMatchObject({ balance: '1000.0000', charges: [], certificates: [] });
  });

  test('refuses when the money is short', async () => {
    await using sandbox = await start({ balance: '8.87' });
    const fields = { Type: 'Standard SSL', Years: '1' };
    const answer = await call(sandbox, 'ssl.create', fields);
    expect(answer.numbers).toEqual([2528166]);
    expect(answer.texts[0]).toContain('INSUFFICIENTFUNDS');
    await command(sandbox, '/_balance', { balance: '8.88' });
    expect((await call(sandbox, 'ssl.create', fields)).status).toBe('OK');
    expect((await readLedger(sandbox)).balance).toBe('0.0000');
  });
});

describe('users.*', () => {
  test('getBalances shows the money with four decimals, in its own style', async () => {
    await using sandbox = await start({ balance: '12.5' });
    const answer = await call(sandbox, 'users.GETBALANCES');
    expect(readAttributes(answer.raw, 'UserGetBalancesResult')[0]).toMatchObject({
      Currency: 'USD',
      AvailableBalance: '12.5000',
    });
    expect(answer.raw).toContain('encoding="utf-8"');
    expect(answer.raw).toContain('<RequestedCommand>namecheap.users.GETBALANCES</RequestedCommand>');
  });

  test('getPricing agrees with what ssl.create charges', async () => {
    await using sandbox = await start();
    const fields = {
      ProductType: 'SSLCERTIFICATE',
      ActionName: 'PURCHASE',
      ProductName: 'standard-wildcard',
    };
    expect(readAttributes((await call(sandbox, 'users.getPricing', fields)).raw, 'Price')).toEqual([]);
    const found = await call(sandbox, 'users.getPricing', { ...fields, ProductName: 'StandardWildcardSSL' });
    expect(readAttributes(found.raw, 'ProductCategory')).toEqual([{ Name: 'purchase' }]);
    expect(readAttributes(found.raw, 'Product')).toEqual([{ Name: 'standard-wildcard-ssl' }]);
    const price = readAttributes(found.raw, 'Price').find((row) => row['Duration'] === '3');
    await buy(sandbox, 'Standard Wildcard SSL', { Years: '3' });
    // As on the real one, the price of a MULTIPLE row is for one year.
    expect(price).toMatchObject({ PricingType: 'MULTIPLE', YourPrice: '49.8800' });
    expect((await readLedger(sandbox)).charges[0]).toMatchObject({ amount: '149.6400' });
  });

  test('getPricing lists purchases and renewals of all products', async () => {
    await using sandbox = await start();
    const { raw } = await call(sandbox, 'users.getPricing', { ProductType: 'SSLCERTIFICATE' });
    expect(readAttributes(raw, 'ProductCategory')).toEqual([{ Name: 'purchase' }, { Name: 'renew' }]);
    expect(readAttributes(raw, 'Product')).toHaveLength(16);
    expect(readAttributes(raw, 'Price')).toHaveLength(80);
  });

  test.each<[Fields, number]>([
    [{}, 2011298],
    [{ ProductType: 'SHOES' }, 2011298],
    [{ ProductType: 'SSLCERTIFICATE', ActionName: 'TRANSFER' }, 2011298],
    [{ ProductType: 'SSLCERTIFICATE', PromotionCode: 'SUMMER' }, 2011170],
  ])('getPricing refuses %o', async (fields, number) => {
    await using sandbox = await start();
    expect((await call(sandbox, 'users.getPricing', fields)).numbers).toEqual([number]);
  });
});

describe('credentials', () => {
  test.each<[string, Fields, number, string]>([
    ['a wrong key', { ApiKey: 'guess' }, 1011102, 'API Key is invalid or API access has not been enabled'],
    [
      'an unknown API user',
      { ApiUser: 'nobody' },
      1011102,
      'API Key is invalid or API access has not been enabled',
    ],
    ['another address', { ClientIp: '192.0.2.77' }, 1011150, 'Invalid request IP: 192.0.2.77'],
    ['an address that is none', { ClientIp: '::1' }, 1011105, 'Parameter ClientIP is Invalid'],
    ['another user name', { UserName: 'nobody' }, 1019103, 'UserName is not available'],
    ['no key', { ApiKey: '' }, 1010102, 'Parameter ApiKey is Missing'],
    ['no command', { Command: '' }, 1010104, 'Parameter Command is Missing'],
    ['an unknown command', { Command: 'namecheap.ssl.giveaway' }, 1010104, 'Parameter Command is Invalid'],
  ])('%s is refused with the short envelope', async (_name, fields, number, text) => {
    await using sandbox = await start();
    const answer = await call(sandbox, 'ssl.create', { Type: 'PositiveSSL', Years: '1', ...fields });
    expect(answer).toMatchObject({ httpStatus: 200, status: 'ERROR', numbers: [number], texts: [text] });
    expect(answer.raw).toContain('<RequestedCommand/>');
    expect(answer.raw).toContain('<ExecutionTime>0</ExecutionTime>');
    expect(answer.raw).not.toContain('<CommandResponse');
    expect((await readLedger(sandbox)).charges).toEqual([]);
  });

  test('GET works as POST does, and names match in any case', async () => {
    await using sandbox = await start({ user: 'carol', apiKey: 'another-key', clientIp: '192.0.2.1' });
    const { ApiUser: apiuser = '', ...others } = credentialsOf(sandbox);
    const command = 'NAMECHEAP.SSL.CREATE';
    const query = new URLSearchParams({ ...others, apiuser, command, TYPE: 'EssentialSSL', years: '1' });
    const answer = await readAnswer(await fetch(`${sandbox.url}?${query.toString()}`));
    expect(answer.status).toBe('OK');
    expect(answer.raw).toContain('<RequestedCommand>namecheap.ssl.create</RequestedCommand>');
  });

  test('the key is nowhere in the ledger', async () => {
    await using sandbox = await start();
    const { apiKey } = sandbox.account;
    await call(sandbox, 'ssl.create', { Type: apiKey, Years: '1' });
    await call(sandbox, 'ssl.create', { Command: apiKey });
    const text = await (await admin(sandbox, 'GET', '/_ledger')).text();
    expect(text).toContain('namecheap.ssl.create');
    expect(text).not.toContain(apiKey);
  });
});
