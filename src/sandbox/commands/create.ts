import type { ApiCommand, CommandAnswer, CommandContext } from '../command.js';
import { findProduct, MAX_ADDED_SANS, type Product } from '../catalogue.js';
import { writePaddedDate } from '../clock.js';
import type { Parameters } from '../parameters.js';
import { demand } from '../refusal.js';
import { element, type XmlElement } from '../xml.js';

const INSUFFICIENT_FUNDS =
  'ORDER CREATION FAILED; INSUFFICIENTFUNDS;Insufficient funds in account; Sorry! Your available balance is insufficient to cover the current billing amount;';

/** namecheap.ssl.create: buys a certificate. Not idempotent: every accepted call is charged. */
export const create: ApiCommand = {
  name: 'namecheap.ssl.create',
  ownFault: 'order-error-after-charge',

  run(context, parameters) {
    parameters.requireAll({ Years: 2010167, Type: 2010298 });
    const years = readYears(parameters);
    const product = readType(parameters);
    const sansToAdd = readSansToAdd(parameters, product);
    refusePromotionCode(parameters);
    return buy(context, { product, years, sansToAdd });
  },

  refuse() {
    return [
      element('SSLCreateResult', { IsSuccess: false, OrderId: 0, TransactionId: 0, ChargedAmount: 0 }, [
        writeCertificate({ CertificateID: 0, Created: '', SSLType: '', Years: 0, Status: '' }),
      ]),
    ];
  },
};

function buy(
  context: CommandContext,
  order: { product: Product; years: number; sansToAdd: number },
): CommandAnswer {
  const charge = context.account.purchase({ ...order, command: create.name, isByHand: false });
  demand(charge !== null, 2528166, INSUFFICIENT_FUNDS);
  const certificate = writeCertificate({
    CertificateID: charge.certificateId,
    Created: writePaddedDate(charge.at),
    SSLType: charge.product.type,
    Years: charge.years,
    Status: 'NewPurchase',
  });
  const result = element(
    'SSLCreateResult',
    {
      IsSuccess: true,
      OrderId: charge.orderId,
      TransactionId: charge.transactionId,
      ChargedAmount: charge.amount,
    },
    [certificate],
  );
  return { elements: [result], certificateId: charge.certificateId };
}

function writeCertificate(attributes: XmlElement['attributes']): XmlElement {
  return element('SSLCertificate', attributes);
}

function readYears(parameters: Parameters): number {
  const rule = { min: 1, max: 5, invalid: 2011167, outOfRange: 2013167 };
  return parameters.getNumber('Years', rule) ?? rule.min;
}

function readType(parameters: Parameters): Product {
  parameters.limitLength('Type', 50, 2013301);
  const product = findProduct(parameters.get('Type') ?? '');
  demand(product !== 'discontinued', 2011301, "We're sorry, the requested SSL type has been discontinued");
  demand(product !== null, 2011301, 'Type is not valid');
  return product;
}

function readSansToAdd(parameters: Parameters, product: Product): number {
  const rule = { min: 0, max: MAX_ADDED_SANS, invalid: 2011900, outOfRange: 2013900 };
  const count = parameters.getNumber('SANStoADD', rule) ?? 0;
  const isAllowed = count === 0 || product.coverage === 'multi-domain';
  demand(isAllowed, 2011767, 'Addon details are not available for the requested SSLType');
  return count;
}

/** The sandbox knows no promotions: every code is refused, as an unknown one is by Namecheap. */
function refusePromotionCode(parameters: Parameters): void {
  parameters.limitLength('PromotionCode', 20, 2013170);
  demand(parameters.get('PromotionCode') === null, 2011170, 'PromotionCode is invalid');
}
