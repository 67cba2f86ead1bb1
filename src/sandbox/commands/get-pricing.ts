import { computePrice } from '../order.js';
import { PRODUCTS, type Product } from '../catalogue.js';
import type { ApiCommand } from '../command.js';
import type { Parameters } from '../parameters.js';
import { demand } from '../refusal.js';
import type { TypeNames } from '../type-names.js';
import { element, type XmlElement } from '../xml.js';

const PRODUCT_TYPES = ['DOMAIN', 'SSLCERTIFICATE', 'WHOISGUARD'];
const ACTIONS = ['PURCHASE', 'RENEW'];
const YEARS = [1, 2, 3, 4, 5];

/**
 * namecheap.users.getPricing: the price list. It knows certificates only; of the other product types it answers
 * an empty list. As on the real one, the category level carries the action, and products are spelled with hyphens.
 */
export const getPricing: ApiCommand = {
  name: 'namecheap.users.getPricing',

  run({ typeNames }, parameters) {
    const productType = parameters.require('ProductType', 2011298).toUpperCase();
    demand(PRODUCT_TYPES.includes(productType), 2011298, 'ProductType is invalid');
    demand(parameters.get('PromotionCode') === null, 2011170, 'PromotionCode is invalid');
    const products = productType === 'SSLCERTIFICATE' ? PRODUCTS.filter(readFilter(parameters)) : [];
    const action = parameters.get('ActionName')?.toUpperCase() ?? null;
    demand(
      action === null || productType !== 'SSLCERTIFICATE' || ACTIONS.includes(action),
      2011298,
      'ActionName is invalid',
    );
    const categories = ACTIONS.filter((name) => products.length > 0 && (action ?? name) === name).map(
      (name) => element('ProductCategory', { Name: name.toLowerCase() }, listProducts(typeNames, products)),
    );
    const result = element('UserGetPricingResult', {}, [
      element('ProductType', { Name: productType.toLowerCase() }, categories),
    ]);
    return { elements: [result] };
  },

  refuse() {
    return [];
  },
};

/** ProductName may have 20 characters at most, less than some products: blanks and hyphens do not count. */
function readFilter(parameters: Parameters): (product: Product) => boolean {
  parameters.limitLength('ProductName', 20, 2011298);
  const wanted = parameters.get('ProductName');
  return (product) => wanted === null || compact(product.type) === compact(wanted);
}

function compact(name: string): string {
  return name.toLowerCase().replace(/[\s-]/gu, '');
}

function listProducts(typeNames: TypeNames, products: readonly Product[]): XmlElement[] {
  return products.flatMap((product) => typeNames.list(product).map((type) => writeProduct(product, type)));
}

function writeProduct(product: Product, type: string): XmlElement {
  const prices = YEARS.map((years) => {
    // MULTIPLE: the price of each year, to be multiplied by the duration.
    const price = computePrice({ product, years: 1, sansToAdd: 0 }).toFixed(4);
    return element('Price', {
      Duration: years,
      DurationType: 'YEAR',
      Price: price,
      PricingType: 'MULTIPLE',
      RegularPrice: price,
      RegularPriceType: 'MULTIPLE',
      YourPrice: price,
      YourPriceType: 'MULTIPLE',
      PromotionPrice: '0.0',
      Currency: 'USD',
    });
  });
  return element('Product', { Name: type.toLowerCase().replaceAll(' ', '-') }, prices);
}
