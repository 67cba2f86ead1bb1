import { describe, expect, it } from 'vitest';
import { findProduct, foldType, listProducts } from '../../config/products.js';

describe('findProduct', () => {
  it.each([
    ['PositiveSSL', 'dv-single'],
    ['EssentialSSL', 'dv-single'],
    ['Standard SSL SSLcom', 'dv-single'],
    ['standard ssl sslcom', 'dv-single'],
    ['  STANDARD \t SSL ', 'dv-single'],
    ['standard wildcard ssl sslcom', 'dv-wildcard'],
    ['EssentialSSL Wildcard', 'dv-wildcard'],
    ['SAN Certificate', 'dv-multi'],
    ['san certificate ssl sslcom', 'dv-multi'],
    ['PositiveSSL Multi-Domain', 'dv-multi'],
    ['InstantSSL', 'ov-single'],
    ['instantssl pro', 'ov-single'],
    ['high assurance ssl sslcom', 'ov-single'],
    ['PremiumSSL', 'ov-single'],
    ['PremiumSSL Wildcard', 'ov-wildcard'],
    ['ov wildcard ssl sslcom', 'ov-wildcard'],
    ['ov multi-domain ssl sslcom', 'ov-multi'],
    ['Multi Domain SSL', 'ov-multi'],
    ['Unified Communications', 'ov-multi'],
    ['ev ssl sslcom', 'ev-single'],
    ['EV Multi-Domain SSL', 'ev-multi'],
    ['ev multi domain ssl sslcom', 'ev-multi'],
  ])('knows "%s"', (type, canonical) => {
    expect(findProduct(type)?.canonical).toBe(canonical);
  });

  it.each([
    '',
    'sslcom',
    'SSL',
    'Standard',
    'QuickSSL Premium',
    'Standard SSL Wildcard Multi',
    'xStandard SSL',
  ])('does not know "%s"', (type) => {
    expect(findProduct(type)).toBeNull();
  });
});

describe('the catalogue', () => {
  it('gives each name to one product only', () => {
    const owners = new Map<string, string>();
    for (const { canonical, names } of listProducts()) {
      for (const name of names) {
        expect(owners.get(foldType(name)) ?? canonical).toBe(canonical);
        owners.set(foldType(name), canonical);
        expect(findProduct(name)?.canonical).toBe(canonical);
        expect(findProduct(`${name.toUpperCase()} SSLcom`)?.canonical).toBe(canonical);
      }
    }
  });

  it('describes each product consistently', () => {
    for (const product of listProducts()) {
      expect(product.canonical).toBe(`${product.validation}-${product.coverage}`);
      const isMulti = product.coverage === 'multi';
      expect([product.includedNames, product.maxNames]).toEqual(isMulti ? [3, 100] : [1, 1]);
      expect(product.maxYears).toBe(5);
    }
  });
});
