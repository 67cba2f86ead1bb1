import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountId } from '../../src/modules/settings.js';
import { System } from '../helpers/system.js';
import { readFixture, startWire } from '../namecheap/wire.js';

let system: System;
let account: string;

beforeAll(async () => {
  system = await System.start({ sandbox: { limits: [0, 0, 0], balance: '40' } });
  const { user } = system.sandbox.account;
  account = accountId({ username: user, sandbox: true, endpoint: system.sandbox.url });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

/** The calls that `act` cost, by command. */
async function countNewCalls(act: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await system.countCalls();
  await act();
  const counts = Object.entries(await system.countCalls());
  return Object.fromEntries(
    counts
      .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}

async function complete(job: string, payload: unknown): Promise<unknown> {
  const end = await system.run(job, payload);
  if (end.kind !== 'completed') throw new Error(`${job} did not complete: ${end.reason}`);
  return end.result;
}

const DAY_MS = 86_400_000;

/** Makes the kept list seem this much older. */
async function agePrices(ms: number): Promise<void> {
  const list = await system.app.store.prices.load(account);
  if (list === null) throw new Error('no price list is kept');
  await system.app.store.prices.save(account, { ...list, at: list.at - ms });
}

describe('balance', () => {
  it('costs one call, and tells the money and the age of the price list', async () => {
    await system.app.store.redis.del(system.app.store.keys.account(account, 'prices'));
    let result: unknown;
    const calls = await countNewCalls(async () => (result = await complete('balance', {})));
    expect(calls).toEqual({ 'users.getbalances': 1 });
    expect(result).toEqual({
      module: 'default',
      balance: { amount: '40.0000', currency: 'USD' },
      fundsRequiredForAutoRenew: '0.0000',
      prices: null,
    });
    expect(await system.app.store.listings.readBalance(account)).toMatchObject({ amount: '40.0000' });

    await complete('prices', {});
    const list = await system.app.store.prices.load(account);
    expect(await complete('balance', {})).toMatchObject({
      prices: { at: new Date(list?.at ?? 0).toISOString(), count: 80 },
    });
  });

  it('announces a balance below the mark of the module, and only that', async () => {
    await system.addModule('poor', { limits: [0, 0, 0], lowBalance: '40.01' });
    await system.addModule('rich', { limits: [0, 0, 0], lowBalance: '40' });
    await complete('balance', { module: 'rich' });
    await complete('balance', { module: 'poor' });
    const events = (await system.readEvents()).filter(({ type }) => type === 'module.low-balance');
    expect(events).toMatchObject([
      { module: 'poor', data: { balance: { amount: '40.0000', currency: 'USD' }, lowBalance: '40.01' } },
    ]);
  });

  it('leaves a pause of purchases alone: only a test or a person ends it', async () => {
    const until = Date.now() + 600_000;
    await system.app.store.accounts.pause(account, { scope: 'purchases', reason: 'no funds', until });
    await complete('balance', {});
    expect(await system.app.store.accounts.listPauses(account, Date.now())).toHaveLength(1);
    await system.app.store.accounts.resume(account);
  });

  it('pauses an account whose key is refused, instead of trying it again and again', async () => {
    // Another user is another account: its pause must not reach the others.
    await system.addModule('locked', { limits: [0, 0, 0] }, { username: 'somebody', apiUser: 'somebody' });
    const locked = accountId({ username: 'somebody', sandbox: true, endpoint: system.sandbox.url });
    const end = await system.run('balance', { module: 'locked' }, 2000);
    expect(end).toMatchObject({ kind: 'waiting' });
    expect(await system.app.store.accounts.listPauses(locked, Date.now())).toMatchObject([{ scope: 'all' }]);
    expect(await system.readEvents()).toContainEqual(
      expect.objectContaining({ type: 'module.unreachable', module: 'locked' }),
    );
  });

  it('is not added for a module that is not known', async () => {
    await expect(system.app.enqueue('balance', { module: 'nobody' })).rejects.toMatchObject({
      code: 'ERR_NO_MODULE',
    });
  });
});

describe('prices', () => {
  beforeEach(async () => {
    await system.app.store.redis.del(system.app.store.keys.account(account, 'prices'));
  });

  it('reads purchases and renewals with one call, then none while the list is fresh', async () => {
    const first = await countNewCalls(() => complete('prices', {}));
    expect(first).toEqual({ 'users.getpricing': 1 });
    const list = await system.app.store.prices.load(account);
    expect(list?.entries).toContainEqual({
      ...{ product: 'dv-single', name: 'Standard SSL', action: 'RENEW', years: 5 },
      ...{ amount: '44.4000', currency: 'USD' },
    });

    await agePrices(DAY_MS - 60_000);
    const again = await countNewCalls(async () => {
      expect(await complete('prices', {})).toMatchObject({ isRefreshed: false, count: 80 });
    });
    expect(again).toEqual({});
  });

  it('reads it again after a day, or sooner when told', async () => {
    await complete('prices', {});
    await agePrices(DAY_MS);
    const daily = await countNewCalls(async () => {
      expect(await complete('prices', {})).toMatchObject({ isRefreshed: true });
    });
    expect(daily).toEqual({ 'users.getpricing': 1 });
    expect(await countNewCalls(() => complete('prices', { maxAge: '0s' }))).toEqual({
      'users.getpricing': 1,
    });
  });

  it('asks once for each action where the whole tree does not tell them apart', async () => {
    const answer = (price: string) =>
      `<ApiResponse Status="OK"><Errors/><RequestedCommand>namecheap.users.getPricing</RequestedCommand><CommandResponse Type="namecheap.users.getPricing"><UserGetPricingResult>
       <ProductType Name="ssl"><ProductCategory Name="comodo"><Product Name="positivessl">
       <Price Duration="2" DurationType="YEAR" Price="${price}" PricingType="MULTIPLE" Currency="USD"/>
       </Product></ProductCategory></ProductType></UserGetPricingResult></CommandResponse></ApiResponse>`;
    const wire = await startWire((response, { form }) => {
      response.end(answer({ PURCHASE: '7.88', RENEW: '8.88' }[form.get('ActionName') ?? ''] ?? '1.00'));
    });
    await system.addModule('by-action', { limits: [0, 0, 0] }, { endpoint: wire.endpoint });
    expect(await complete('prices', { module: 'by-action' })).toMatchObject({ count: 2 });
    expect(wire.requests.map(({ form }) => form.get('ActionName'))).toEqual([null, 'PURCHASE', 'RENEW']);
    const { user } = system.sandbox.account;
    const other = accountId({ username: user, sandbox: true, endpoint: wire.endpoint });
    expect((await system.app.store.prices.load(other))?.entries).toMatchObject([
      { name: 'PositiveSSL', action: 'PURCHASE', amount: '15.7600' },
      { name: 'PositiveSSL', action: 'RENEW', amount: '17.7600' },
    ]);
  });

  it('is shared by the modules of one account', async () => {
    await system.addModule('sibling');
    await complete('prices', {});
    expect(await countNewCalls(() => complete('prices', { module: 'sibling' }))).toEqual({});
  });

  it('refuses an age that is no duration', async () => {
    await expect(system.app.enqueue('prices', { maxAge: 'a while' })).rejects.toMatchObject({
      faults: ['maxAge: give a duration such as 30m, 12h or 1d'],
    });
  });
});

describe('approvers', () => {
  const mailboxes = ['admin', 'administrator', 'hostmaster', 'postmaster', 'webmaster'];

  it('offers the addresses that Namecheap lists, for one call', async () => {
    let result: unknown;
    const calls = await countNewCalls(async () => {
      result = await complete('approvers', { domain: 'Shop.Example.com.', type: 'positivessl sslcom' });
    });
    expect(calls).toEqual({ 'ssl.getapproveremaillist': 1 });
    const { emails, ...rest } = result as { emails: string[] };
    expect(rest).toMatchObject({
      domain: 'shop.example.com',
      type: 'PositiveSSL',
      fromApi: { domainEmails: [], manualEmails: [] },
    });
    const wanted = ['shop.example.com', 'example.com'].flatMap((domain) =>
      mailboxes.map((mailbox) => `${mailbox}@${domain}`),
    );
    expect(emails.toSorted()).toEqual(wanted.sort());
  });

  it('does not offer an address that an order would refuse, but tells that it was listed', async () => {
    const listed = readFixture('get-approver-email-list.xml').replaceAll(
      'cranberry.example',
      'cranberry.com',
    );
    const wire = await startWire(listed);
    await system.addModule('whois', { limits: [0, 0, 0] }, { endpoint: wire.endpoint });
    const payload = { module: 'whois', domain: '*.cranberry.com', type: 'PositiveSSL Wildcard' };
    expect(await complete('approvers', payload)).toMatchObject({
      emails: ['admin@cranberry.com', 'hostmaster@cranberry.com'],
      fromApi: { manualEmails: ['owner@cranberry.com'] },
    });
    expect(wire.requests.map(({ form }) => form.get('DomainName'))).toEqual(['cranberry.com']);
  });

  it('looks a wildcard up without its asterisk, and international names as A-labels', async () => {
    const wildcard = await complete('approvers', { domain: '*.example.com', type: 'PositiveSSL Wildcard' });
    expect(wildcard).toMatchObject({ domain: 'example.com', emails: { length: 5 } });
    const international = await complete('approvers', { domain: 'bücher.example.com', type: 'EV SSL' });
    expect(international).toMatchObject({ domain: 'xn--bcher-kva.example.com', emails: { length: 10 } });
  });

  it('lists every fault of the payload', async () => {
    const payload = { domain: 'localhost', type: 'QuickSSL' };
    await expect(system.app.enqueue('approvers', payload)).rejects.toMatchObject({
      faults: [
        expect.stringMatching(/^domain: localhost is not a public domain name/),
        expect.stringMatching(/^type: is not known; known are Standard SSL, /),
      ],
    });
  });
});
