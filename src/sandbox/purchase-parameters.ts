import type { Charge, Order } from './order.js';
import type { Parameters } from './parameters.js';
import { demand } from './refusal.js';
import type { Offer, TypeNames } from './type-names.js';

const INSUFFICIENT_FUNDS =
  'ORDER CREATION FAILED; INSUFFICIENTFUNDS;Insufficient funds in account; Sorry! Your available balance is insufficient to cover the current billing amount;';

/** `Years`, which must be there. */
export function readYears(parameters: Parameters): number {
  const rule = { min: 1, max: 5, invalid: 2011167, outOfRange: 2013167 };
  return parameters.getNumber('Years', rule) ?? rule.min;
}

/** What `Type` (ssl.create) or `SSLType` (ssl.renew) buys, by any of the product's spellings. */
export function readOffer(parameters: Parameters, name: 'Type' | 'SSLType', typeNames: TypeNames): Offer {
  parameters.limitLength(name, 50, 2013301);
  const offer = typeNames.offer(parameters.get(name) ?? '');
  demand(offer !== 'discontinued', 2011301, "We're sorry, the requested SSL type has been discontinued");
  demand(offer !== null, 2011301, `${name} is not valid`);
  return offer;
}

/** The sandbox knows no promotions: every code is refused, as an unknown one is by Namecheap. */
export function refusePromotionCode(parameters: Parameters): void {
  parameters.limitLength('PromotionCode', 20, 2013170);
  demand(parameters.get('PromotionCode') === null, 2011170, 'PromotionCode is invalid');
}

/** Whom a purchase is put down to: the command, or a person at the web interface. */
export function nameBuyer(command: string, isByHand: boolean): Pick<Order, 'command' | 'isByHand'> {
  return { command: isByHand ? 'web' : command, isByHand };
}

/** Refuses when the account could not pay. */
export function demandCharge(charge: Charge | null): asserts charge is Charge {
  demand(charge !== null, 2528166, INSUFFICIENT_FUNDS);
}

/** The attributes that tell what a purchase cost. */
export function writeCharge({ orderId, transactionId, amount }: Charge) {
  return { OrderId: orderId, TransactionId: transactionId, ChargedAmount: amount };
}

/** The same of a purchase that was refused. */
export const NO_CHARGE = { OrderId: 0, TransactionId: 0, ChargedAmount: 0 };
