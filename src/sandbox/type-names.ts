import { findFormerType, findProduct, type Product } from './catalogue.js';
import type { SandboxClock } from './clock.js';

/** How answers spell the products: as Namecheap's pages do, or with the suffix that live clients met. */
export const TYPE_SPELLINGS = ['docs', 'sslcom'] as const;
export type TypeSpelling = (typeof TYPE_SPELLINGS)[number];

export type CertificateAuthorityName = 'COMODO' | 'SSL.com';

/** When Namecheap went from Sectigo to SSL.com: 11 July 2026. */
const CUT_OVER = Date.UTC(2026, 6, 11);

/** A product under the name that it is sold by. */
export interface Offer {
  product: Product;
  type: string;
}

/** What is sold under which name, by the sandbox's clock: Sectigo's products before the change of the CA, SSL.com's since. */
export class TypeNames {
  constructor(
    private readonly clock: SandboxClock,
    private readonly spelling: TypeSpelling,
  ) {}

  /** Who signs what is submitted now; old samples and lists call Sectigo by its former name. */
  get authority(): CertificateAuthorityName {
    return this.clock.now() < CUT_OVER ? 'COMODO' : 'SSL.com';
  }

  /** What a Type parameter buys now. `discontinued` and null as in {@link findProduct}; null also for what is not sold yet. */
  offer(type: string): Offer | 'discontinued' | null {
    const product = findProduct(type);
    if (product === null || product === 'discontinued') return product;
    if (this.authority === 'SSL.com') return { product, type: this.spell(product) };
    const former = findFormerType(product, type);
    return former === null ? null : { product, type: former };
  }

  /** The name that a reissue gives the certificate: since the change an equivalent one comes in the place of the old. */
  renameAtReissue({ product, type }: Offer): string {
    return this.authority === 'COMODO' ? type : this.spell(product);
  }

  /** Every name that the product has in the price list now. */
  list(product: Product): readonly string[] {
    return this.authority === 'COMODO' ? product.formerTypes : [this.spell(product)];
  }

  private spell({ type, liveType }: Product): string {
    return this.spelling === 'docs' ? type : liveType;
  }
}
