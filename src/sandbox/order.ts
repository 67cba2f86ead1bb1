import { Big } from 'big.js';
import type { Product } from './catalogue.js';

export interface Order {
  product: Product;
  /** The product's name at that time. */
  type: string;
  years: number;
  /** Names bought beyond the included ones. */
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
  /** What was bought, or, for ssl.purchasemoresans, what was added to. */
  certificateId: number;
  amount: string;
}

type Priced = Pick<Order, 'product' | 'years' | 'sansToAdd'>;

/** USD: years times the yearly price, plus the same for every added name. */
export function computePrice(order: Priced): Big {
  return new Big(order.product.pricePerYear).times(order.years).plus(computeSansPrice(order));
}

/** USD for the added names alone. They are charged for the whole term, however little of it is left (made up). */
export function computeSansPrice({ product, years, sansToAdd }: Priced): Big {
  return new Big(product.pricePerSan ?? 0).times(sansToAdd).times(years);
}
