import { describe, expect, it } from 'vitest';
import { composePriceList, findPrice } from '../../src/certificates/prices.js';
import type { Price } from '../../src/namecheap/api.js';

const AT = Date.parse('2026-11-22T12:00:00Z');

/** A row of the price list; `total` null where Namecheap does not say what its price is for. */
function row(product: string, years: number, total: string | null, action = 'PURCHASE'): Price {
  const [price, currency] = [total ?? '1.0000', 'USD'];
  return {
    ...{ product, category: action.toLowerCase(), action, years, total, currency },
    ...{ price, regularPrice: price, yourPrice: price },
  };
}

const list = (...rows: Price[]) => composePriceList(rows, AT);

describe('composePriceList', () => {
  // The left names stood in the price list of a real account.
  it.each([
    ['instantssl', 'InstantSSL', 'ov-single'],
    ['instantssl-pro', 'InstantSSL Pro', 'ov-single'],
    ['positivessl-wildcard', 'PositiveSSL Wildcard', 'dv-wildcard'],
    ['positivessl-multi-domain', 'PositiveSSL Multi Domain', 'dv-multi'],
    ['comodossl-multi-domain-ssl', 'Multi Domain SSL', 'ov-multi'],
    ['comodossl-ev-multi-domain-ssl', 'EV Multi-Domain SSL', 'ev-multi'],
    ['unified-communications', 'Unified Communications', 'ov-multi'],
    ['ev-ssl', 'EV SSL', 'ev-single'],
    ['standard-ssl-sslcom', 'Standard SSL', 'dv-single'],
  ])('knows %s as %s', (listed, name, product) => {
    expect(list(row(listed, 1, '9.0000')).entries).toEqual([
      { product, name, action: 'PURCHASE', years: 1, amount: '9.0000', currency: 'USD' },
    ]);
  });

  it.each(['rapidssl', 'comodossl', 'comodossl-wildcard', 'positivessl-multi-domain-moresans'])(
    'leaves %s out',
    (listed) => {
      expect(list(row(listed, 1, '0.0000')).entries).toEqual([]);
    },
  );

  it('leaves out rows of other actions, and keeps one of two equal rows', () => {
    const rows = [row('standard-ssl', 1, '9.0000', 'TRANSFER'), row('standard-ssl', 1, '9.0000', '')];
    expect(list(...rows).entries).toEqual([]);
    expect(list(row('standard-ssl', 1, '9.0000'), row('standard-ssl', 1, '9.0000')).entries).toHaveLength(1);
  });
});

describe('findPrice', () => {
  it('finds the price of an old name under the new one', () => {
    const known = list(row('standard-ssl', 2, '17.7600'));
    expect(findPrice(known, 'PositiveSSL', 'PURCHASE', 2)).toEqual({
      kind: 'listed',
      amount: '17.7600',
      currency: 'USD',
      name: 'Standard SSL',
      others: [],
    });
  });

  it('takes the price of the very name where names differ, and tells the others', () => {
    const known = list(row('standard-ssl', 1, '9.9900'), row('positivessl', 1, '8.88'));
    const others = [expect.objectContaining({ name: 'Standard SSL', amount: '9.9900' })];
    expect(findPrice(known, 'positivessl', 'PURCHASE', 1)).toMatchObject({ amount: '8.88', others });
    // Not listed itself: Namecheap replaces it by the new name.
    expect(findPrice(known, 'EssentialSSL', 'PURCHASE', 1)).toMatchObject({ amount: '9.9900' });
  });

  it('does not guess between other names with different prices', () => {
    const known = list(row('instantssl', 1, '20.8800'), row('premiumssl', 1, '79.0000'));
    const answer = findPrice(known, 'High Assurance SSL', 'PURCHASE', 1);
    expect(answer).toMatchObject({ kind: 'unknown' });
    expect(answer).toHaveProperty('reason', expect.stringContaining('20.8800 USD as InstantSSL'));
    const equal = list(row('instantssl', 1, '20.88'), row('premiumssl', 1, '20.8800'));
    expect(findPrice(equal, 'High Assurance SSL', 'PURCHASE', 1)).toMatchObject({ amount: '20.88' });
  });

  it('tells renewals from purchases', () => {
    const known = list(row('ev-ssl', 1, '78.8800'), row('ev-ssl', 1, '118.9000', 'RENEW'));
    expect(findPrice(known, 'EV SSL', 'PURCHASE', 1)).toMatchObject({ amount: '78.8800' });
    expect(findPrice(known, 'EV SSL', 'RENEW', 1)).toMatchObject({ amount: '118.9000' });
    expect(findPrice(list(row('ev-ssl', 1, '78.8800')), 'EV SSL', 'RENEW', 1)).toEqual({
      kind: 'unknown',
      reason: "Namecheap's price list has no renewals of EV SSL",
    });
  });

  it('says for which numbers of years a product is listed when not for this one', () => {
    const known = list(row('ev-ssl', 2, '150.0000'), row('ev-ssl', 1, '78.8800'));
    expect(findPrice(known, 'EV SSL', 'PURCHASE', 5)).toEqual({ kind: 'not-sold', years: [1, 2] });
  });

  it('does not guess whether a price is for one year or all', () => {
    const known = list(row('standard-ssl', 2, null));
    expect(findPrice(known, 'Standard SSL', 'PURCHASE', 2)).toMatchObject({ kind: 'unknown' });
  });
});
