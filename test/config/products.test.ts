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

/** The rows of Namecheap's ssl.create page (edition of July 2026), old and new names, and spellings that clients saw since. */
const TYPES: Record<string, string[]> = {
  'dv-single': ['PositiveSSL', 'EssentialSSL', 'Standard SSL'],
  'dv-wildcard': ['PositiveSSL Wildcard', 'EssentialSSL Wildcard', 'Standard Wildcard SSL'],
  'dv-multi': ['PositiveSSL Multi Domain', 'SAN Certificate', 'SAN Certificate SSL'],
  'ov-single': ['InstantSSL', 'InstantSSL Pro', 'PremiumSSL', 'High Assurance SSL'],
  'ov-wildcard': ['PremiumSSL Wildcard', 'OV Wildcard SSL'],
  'ov-multi': ['Multi Domain SSL', 'Unified Communications', 'OV Multi-domain SSL'],
  'ev-single': ['EV SSL'],
  'ev-multi': ['EV Multi Domain SSL', 'EV Multi-Domain SSL'],
};

describe('every documented type', () => {
  const rows = Object.entries(TYPES).flatMap(([canonical, types]) =>
    types.map((type) => [type, canonical] as const),
  );

  it.each(rows)(
    '"%s" is %s in any case, with hyphens or blanks, with or without the CA behind it',
    (type, canonical) => {
      const spellings = [type, type.replaceAll(' ', '-'), type.replaceAll('-', ' ')];
      const variants = spellings.flatMap((one) => [one, `${one} SSLcom`, `${one}-sslcom`]);
      for (const variant of variants.flatMap((one) => [one, one.toLowerCase(), one.toUpperCase()])) {
        expect(findProduct(variant)?.canonical, variant).toBe(canonical);
      }
    },
  );

  it('is in the catalogue, and the catalogue has no other', () => {
    const fold = (names: readonly string[]) => [...new Set(names.map(foldType))].sort();
    for (const { canonical, names } of listProducts())
      expect(fold(names)).toEqual(fold(TYPES[canonical] ?? []));
  });

  it('is sold by the name that Namecheap puts in place of the others', () => {
    expect(listProducts().map(({ names }) => names[0])).toEqual([
      'Standard SSL',
      'Standard Wildcard SSL',
      'SAN Certificate',
      'High Assurance SSL',
      'OV Wildcard SSL',
      'OV Multi-domain SSL',
      'EV SSL',
      'EV Multi-Domain SSL',
    ]);
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
