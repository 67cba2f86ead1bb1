import { Big } from 'big.js';
import { z } from 'zod';
import type { CallOptions, Price } from '../api.js';
import type { Call } from '../command.js';
import { amount, amountOrNull, count, element, list, text, textOrNull, word } from '../fields.js';
import { checkInput } from '../input.js';

const COMMAND = 'namecheap.users.getPricing';

const inputSchema = z.object({
  productName: z.string().min(1).max(20).optional(),
  action: z.enum(['PURCHASE', 'RENEW']).optional(),
});

/** The final price must be there; the other two fall back to it. */
const priceSchema = element({
  '@duration': count,
  '@durationtype': word,
  '@price': amount,
  '@pricingtype': word,
  '@regularprice': amountOrNull,
  '@yourprice': amountOrNull,
  '@currency': textOrNull,
});

const productSchema = element({ '@name': text, price: list(priceSchema) });
const categorySchema = element({ '@name': text, product: list(productSchema) });
const resultSchema = element({
  usergetpricingresult: z.object({
    producttype: list(element({ '@name': text, productcategory: list(categorySchema) })),
  }),
});

type Category = z.infer<typeof categorySchema>;

/**
 * The account's price list of SSL certificates: one entry per product, action and whole number of years.
 * @throws NamecheapError.
 */
export async function getPricing(
  call: Call,
  input: { productName?: string; action?: 'PURCHASE' | 'RENEW' },
  options?: CallOptions,
): Promise<Price[]> {
  const { productName, action } = checkInput(COMMAND, 'read', inputSchema, input);
  const parameters = {
    ProductType: 'SSLCERTIFICATE',
    ...(productName === undefined ? {} : { ProductName: productName }),
    ...(action === undefined ? {} : { ActionName: action }),
  };
  const response = await call({ command: COMMAND, kind: 'read', parameters, result: resultSchema }, options);
  const categories = response.usergetpricingresult.producttype.flatMap(
    ({ productcategory }) => productcategory,
  );
  return categories.flatMap((category) => listPrices(category, action ?? ''));
}

/**
 * `PricingType` says what a price is for: MULTIPLE, which all SSL products have, for each year (InstantSSL was listed
 * with 39.00 for one year and 37.50 for two), ABSOLUTE for the whole term, which some domains have.
 */
function computeTotal(price: z.infer<typeof priceSchema>): string | null {
  const { '@duration': years, '@pricingtype': type } = price;
  if (type === 'multiple') return new Big(price['@price']).times(years).toFixed(4);
  return type === 'absolute' || years === 1 ? new Big(price['@price']).toFixed(4) : null;
}

/** The names that the category level carries when it tells the action, as the documentation's sample does. */
const ACTIONS: ReadonlySet<string> = new Set(['PURCHASE', 'RENEW', 'REGISTER', 'REACTIVATE', 'TRANSFER']);

function listPrices(category: Category, asked: string): Price[] {
  const name = category['@name'];
  const action = ACTIONS.has(name.toUpperCase()) ? name.toUpperCase() : asked;
  return category.product.flatMap((product) =>
    product.price
      .filter((price) => price['@durationtype'] === 'year')
      .map((price) => ({
        product: product['@name'],
        category: name,
        action,
        years: price['@duration'],
        price: price['@price'],
        total: computeTotal(price),
        regularPrice: price['@regularprice'] ?? price['@price'],
        yourPrice: price['@yourprice'] ?? price['@price'],
        currency: price['@currency'],
      })),
  );
}
