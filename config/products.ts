export type Validation = 'dv' | 'ov' | 'ev';
export type Coverage = 'single' | 'wildcard' | 'multi';
export type CanonicalProduct =
  | 'dv-single'
  | 'dv-wildcard'
  | 'dv-multi'
  | 'ov-single'
  | 'ov-wildcard'
  | 'ov-multi'
  | 'ev-single'
  | 'ev-multi';

/** A class of certificates that Namecheap sells under one or more names, which it replaces by one another. */
export interface Product {
  canonical: CanonicalProduct;
  validation: Validation;
  coverage: Coverage;
  /** Every known value of the API's `Type`, the preferred one first. */
  names: readonly string[];
  /** Host names in the base price, the common name among them. */
  includedNames: number;
  /** Host names at most, the common name among them. */
  maxNames: number;
  maxYears: number;
}

const ONE_NAME = { includedNames: 1, maxNames: 1, maxYears: 5 };
const MANY_NAMES = { includedNames: 3, maxNames: 100, maxYears: 5 };

/**
 * What can be ordered. Since 11 July 2026 Namecheap sells SSL.com's certificates (first name of each row) and still
 * takes the names of the Sectigo ones, which it replaces silently. Its answers add `SSLcom` to the name, see
 * {@link foldType}; only spellings that differ otherwise are listed.
 */
const PRODUCTS: readonly Product[] = [
  {
    canonical: 'dv-single',
    validation: 'dv',
    coverage: 'single',
    names: ['Standard SSL', 'PositiveSSL', 'EssentialSSL'],
    ...ONE_NAME,
  },
  {
    canonical: 'dv-wildcard',
    validation: 'dv',
    coverage: 'wildcard',
    names: ['Standard Wildcard SSL', 'PositiveSSL Wildcard', 'EssentialSSL Wildcard'],
    ...ONE_NAME,
  },
  {
    canonical: 'dv-multi',
    validation: 'dv',
    coverage: 'multi',
    names: ['SAN Certificate', 'SAN Certificate SSL', 'PositiveSSL Multi Domain'],
    ...MANY_NAMES,
  },
  {
    canonical: 'ov-single',
    validation: 'ov',
    coverage: 'single',
    names: ['High Assurance SSL', 'InstantSSL', 'InstantSSL Pro', 'PremiumSSL'],
    ...ONE_NAME,
  },
  {
    canonical: 'ov-wildcard',
    validation: 'ov',
    coverage: 'wildcard',
    names: ['OV Wildcard SSL', 'PremiumSSL Wildcard'],
    ...ONE_NAME,
  },
  {
    canonical: 'ov-multi',
    validation: 'ov',
    coverage: 'multi',
    names: ['OV Multi-domain SSL', 'Multi Domain SSL', 'Unified Communications'],
    ...MANY_NAMES,
  },
  {
    canonical: 'ev-single',
    validation: 'ev',
    coverage: 'single',
    names: ['EV SSL'],
    ...ONE_NAME,
  },
  {
    canonical: 'ev-multi',
    validation: 'ev',
    coverage: 'multi',
    names: ['EV Multi-Domain SSL', 'EV Multi Domain SSL'],
    ...MANY_NAMES,
  },
];

/**
 * The form in which two spellings of the API's `Type` are compared: Namecheap itself writes one product as
 * `Standard SSL`, `standard ssl sslcom` and `STANDARD SSL`, and `EV Multi-Domain SSL` also without the hyphen.
 */
export function foldType(type: string): string {
  const words = type.toLowerCase().replace(/[\s-]+/g, ' ');
  return words
    .trim()
    .replace(/ ?sslcom$/, '')
    .trim();
}

/** The product that a `Type` names, in any spelling Namecheap is known to use; null when it is not in the catalogue. */
export function findProduct(type: string): Product | null {
  const wanted = foldType(type);
  return PRODUCTS.find((product) => product.names.some((name) => foldType(name) === wanted)) ?? null;
}

/** The whole catalogue. */
export function listProducts(): readonly Product[] {
  return PRODUCTS;
}

/** A type in the catalogue's spelling where it is known: lists write it in lower case, and with a CA's name behind it. */
export function spellType(type: string): string {
  const folded = foldType(type);
  return findProduct(type)?.names.find((name) => foldType(name) === folded) ?? type;
}
