/** What a product covers: one name (and its www/bare twin), `*.name` and `name`, or a list of names. */
export type Coverage = 'single' | 'wildcard' | 'multi-domain';
export type ValidationLevel = 'dv' | 'ov' | 'ev';

export interface Product {
  /** The Type string as ssl.create answers it. */
  type: string;
  level: ValidationLevel;
  coverage: Coverage;
  /** USD per year, made up; Namecheap's real prices differ. */
  pricePerYear: string;
  /** USD per year and name beyond the included ones; multi-domain products only. */
  pricePerSan: string | null;
}

/** Names besides the common name that every multi-domain product includes, and how many more can be bought. */
export const INCLUDED_SANS = 2;
export const MAX_ADDED_SANS = 97;

/** The SSL.com products that Namecheap sells since 11 July 2026 (its ssl.create page). */
export const PRODUCTS: readonly Product[] = [
  { type: 'Standard SSL', level: 'dv', coverage: 'single', pricePerYear: '8.88', pricePerSan: null },
  {
    type: 'Standard Wildcard SSL',
    level: 'dv',
    coverage: 'wildcard',
    pricePerYear: '49.88',
    pricePerSan: null,
  },
  {
    type: 'SAN Certificate',
    level: 'dv',
    coverage: 'multi-domain',
    pricePerYear: '24.88',
    pricePerSan: '7.88',
  },
  { type: 'High Assurance SSL', level: 'ov', coverage: 'single', pricePerYear: '38.88', pricePerSan: null },
  { type: 'OV Wildcard SSL', level: 'ov', coverage: 'wildcard', pricePerYear: '118.88', pricePerSan: null },
  {
    type: 'OV Multi-domain SSL',
    level: 'ov',
    coverage: 'multi-domain',
    pricePerYear: '79.88',
    pricePerSan: '24.88',
  },
  { type: 'EV SSL', level: 'ev', coverage: 'single', pricePerYear: '79.88', pricePerSan: null },
  {
    type: 'EV Multi-Domain SSL',
    level: 'ev',
    coverage: 'multi-domain',
    pricePerYear: '148.88',
    pricePerSan: '59.88',
  },
];

/** Other spellings that are still accepted, silently sold as the product on the right (keys in lower case). */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  positivessl: 'Standard SSL',
  essentialssl: 'Standard SSL',
  'positivessl wildcard': 'Standard Wildcard SSL',
  'essentialssl wildcard': 'Standard Wildcard SSL',
  'positivessl multi domain': 'SAN Certificate',
  'san certificate ssl': 'SAN Certificate',
  instantssl: 'High Assurance SSL',
  'instantssl pro': 'High Assurance SSL',
  premiumssl: 'High Assurance SSL',
  'premiumssl wildcard': 'OV Wildcard SSL',
  'multi domain ssl': 'OV Multi-domain SSL',
  'unified communications': 'OV Multi-domain SSL',
  'ev multi domain ssl': 'EV Multi-Domain SSL',
};

/** Brands that Namecheap no longer sells: GeoTrust, Symantec, Thawte. */
const DISCONTINUED: ReadonlySet<string> = new Set([
  'quickssl',
  'quickssl premium',
  'rapidssl',
  'rapidssl wildcard',
  'true businessid',
  'true businessid with ev',
  'ssl123',
  'ssl web server',
  'secure site',
  'secure site pro',
]);

/**
 * The product that a Type parameter buys: any case, with or without the `SSLcom` suffix, replaced when deprecated.
 * `discontinued` for brands no longer sold, null for names that never existed.
 */
export function findProduct(type: string): Product | 'discontinued' | null {
  const name = type
    .trim()
    .toLowerCase()
    .replace(/\s+sslcom$/u, '');
  if (DISCONTINUED.has(name)) return 'discontinued';
  const sold = REPLACEMENTS[name]?.toLowerCase() ?? name;
  return PRODUCTS.find((product) => product.type.toLowerCase() === sold) ?? null;
}
