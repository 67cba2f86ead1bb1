/** What a product covers: one name (and its www/bare twin), `*.name` and `name`, or a list of names. */
export type Coverage = 'single' | 'wildcard' | 'multi-domain';
export type ValidationLevel = 'dv' | 'ov' | 'ev';

export interface Product {
  /** The Type string of Namecheap's pages, as ssl.create answers it. */
  type: string;
  /** The spelling that live clients met after the change of the CA; lists and ssl.getInfo have it in lower case. */
  liveType: string;
  /** Sectigo's products that it replaced: sold under these names before, silently exchanged since. */
  formerTypes: readonly string[];
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

/** The SSL.com products that Namecheap sells since 11 July 2026, each in the place of Sectigo's (its ssl.create page). */
export const PRODUCTS: readonly Product[] = [
  {
    type: 'Standard SSL',
    liveType: 'Standard SSL SSLcom',
    formerTypes: ['PositiveSSL', 'EssentialSSL'],
    level: 'dv',
    coverage: 'single',
    pricePerYear: '8.88',
    pricePerSan: null,
  },
  {
    type: 'Standard Wildcard SSL',
    liveType: 'Standard Wildcard SSL SSLcom',
    formerTypes: ['PositiveSSL Wildcard', 'EssentialSSL Wildcard'],
    level: 'dv',
    coverage: 'wildcard',
    pricePerYear: '49.88',
    pricePerSan: null,
  },
  {
    type: 'SAN Certificate',
    liveType: 'SAN Certificate SSL SSLcom',
    formerTypes: ['PositiveSSL Multi Domain'],
    level: 'dv',
    coverage: 'multi-domain',
    pricePerYear: '24.88',
    pricePerSan: '7.88',
  },
  {
    type: 'High Assurance SSL',
    liveType: 'High Assurance SSL SSLcom',
    formerTypes: ['InstantSSL', 'InstantSSL Pro', 'PremiumSSL'],
    level: 'ov',
    coverage: 'single',
    pricePerYear: '38.88',
    pricePerSan: null,
  },
  {
    type: 'OV Wildcard SSL',
    liveType: 'OV Wildcard SSL SSLcom',
    formerTypes: ['PremiumSSL Wildcard'],
    level: 'ov',
    coverage: 'wildcard',
    pricePerYear: '118.88',
    pricePerSan: null,
  },
  {
    type: 'OV Multi-domain SSL',
    liveType: 'OV Multi-domain SSL SSLcom',
    formerTypes: ['Multi Domain SSL', 'Unified Communications'],
    level: 'ov',
    coverage: 'multi-domain',
    pricePerYear: '79.88',
    pricePerSan: '24.88',
  },
  {
    type: 'EV SSL',
    liveType: 'EV SSL SSLcom',
    formerTypes: ['EV SSL'],
    level: 'ev',
    coverage: 'single',
    pricePerYear: '79.88',
    pricePerSan: null,
  },
  {
    type: 'EV Multi-Domain SSL',
    liveType: 'EV Multi Domain SSL SSLcom',
    formerTypes: ['EV Multi Domain SSL'],
    level: 'ev',
    coverage: 'multi-domain',
    pricePerYear: '148.88',
    pricePerSan: '59.88',
  },
];

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

/** Blanks, hyphens and the live clients' suffixes do not tell products apart. */
function compact(type: string): string {
  return type
    .toLowerCase()
    .replace(/[\s-]+/gu, ' ')
    .trim()
    .replace(/ sslcom$/u, '');
}

const BY_NAME: ReadonlyMap<string, Product> = new Map(
  PRODUCTS.flatMap((product) =>
    [product.type, product.liveType, ...product.formerTypes].map((name) => [compact(name), product]),
  ),
);

/**
 * The product that a Type parameter means: any case, with or without the `SSLcom` suffix, replaced when deprecated.
 * `discontinued` for brands no longer sold, null for names that never existed.
 */
export function findProduct(type: string): Product | 'discontinued' | null {
  if (DISCONTINUED.has(compact(type))) return 'discontinued';
  return BY_NAME.get(compact(type)) ?? null;
}

/** The name among the product's former ones that was meant, as Sectigo wrote it; null when none was. */
export function findFormerType({ formerTypes }: Product, type: string): string | null {
  return formerTypes.find((name) => compact(name) === compact(type)) ?? null;
}
