import { Big } from 'big.js';
import { INCLUDED_SANS, type Product } from './catalogue.js';
import type { Certificate } from './certificate.js';
import { addYears, type SandboxClock } from './clock.js';

export interface Order {
  product: Product;
  years: number;
  sansToAdd: number;
  /** The command that buys, or `web` for a purchase by hand in the web interface. */
  command: string;
  isByHand: boolean;
}

/** Money taken: `amount` in USD with four decimals, `at` in ms since the epoch. */
export interface Charge extends Order {
  at: number;
  orderId: number;
  transactionId: number;
  certificateId: number;
  amount: string;
}

/** One API call that reached the account. */
export interface Call {
  at: number;
  command: string;
  /** `OK`, `ERROR`, `throttled` or the name of the fault that was injected. */
  outcome: string;
  /** The error numbers of the answer. */
  numbers: readonly number[];
  certificateId: number | null;
}

const FIRST_CERTIFICATE_ID = 9_000_001;
const FIRST_ORDER_ID = 7_000_001;
const FIRST_TRANSACTION_ID = 8_000_001;
const FIRST_PROVIDER_ORDER_ID = 500_001;

/** Namecheap's account: the balance, and everything that was ever bought and called. Kept in memory only. */
export class Account {
  readonly certificates = new Map<number, Certificate>();
  readonly charges: Charge[] = [];
  readonly calls: Call[] = [];
  #balance: Big;

  /** @param balance USD, a decimal string */
  constructor(
    balance: string,
    private readonly clock: SandboxClock,
  ) {
    this.#balance = new Big(balance);
  }

  /** USD with four decimals. */
  get balance(): string {
    return this.#balance.toFixed(4);
  }

  set balance(amount: string) {
    this.#balance = new Big(amount);
  }

  /** Buys: takes the money and adds a certificate, in one step. Null, and nothing changed, when the money is short. */
  purchase(order: Order): Charge | null {
    const price = computePrice(order);
    if (price.gt(this.#balance)) return null;
    this.#balance = this.#balance.minus(price);
    const position = this.charges.length;
    const charge: Charge = {
      ...order,
      at: this.clock.now(),
      orderId: FIRST_ORDER_ID + position,
      transactionId: FIRST_TRANSACTION_ID + position,
      certificateId: FIRST_CERTIFICATE_ID + this.certificates.size,
      amount: price.toFixed(4),
    };
    this.charges.push(charge);
    this.certificates.set(charge.certificateId, makeCertificate(charge));
    return charge;
  }
}

/** USD: years times the yearly price, plus the same for every added name. */
export function computePrice({
  product,
  years,
  sansToAdd,
}: Pick<Order, 'product' | 'years' | 'sansToAdd'>): Big {
  return new Big(product.pricePerSan ?? 0).times(sansToAdd).plus(product.pricePerYear).times(years);
}

function makeCertificate(charge: Charge): Certificate {
  const includedSans = charge.product.coverage === 'multi-domain' ? INCLUDED_SANS : 0;
  return {
    certificateId: charge.certificateId,
    orderId: charge.orderId,
    providerOrderId: String(FIRST_PROVIDER_ORDER_ID + charge.certificateId - FIRST_CERTIFICATE_ID),
    product: charge.product,
    years: charge.years,
    sansCount: includedSans + charge.sansToAdd,
    status: 'newpurchase',
    orderedAt: charge.at,
    activationExpiresAt: addYears(charge.at, 1),
    activation: null,
    issuance: null,
    termEnd: null,
  };
}
