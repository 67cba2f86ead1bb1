import { createHash } from 'node:crypto';
import { z } from 'zod';
import { findProduct, foldType, listProducts, type Product } from '../../config/products.js';
import { InputError } from '../errors.js';
import type { DcvChoice } from '../namecheap/api.js';
import { toCanonicalJson } from './canonical-json.js';
import { csrTextSchema, normalizePem } from './csr-pem.js';
import { parseCsr, type CsrFacts } from './csr.js';
import { readDomain } from './names.js';
import { readOrderedNames } from './order-names.js';
import {
  contactsSchema,
  listActivationParameters,
  listOrganizationFaults,
  organizationSchema,
} from './organization.js';
import { isPlaceholderId } from './placeholder.js';
import { chooseValidation, dcvSchema, namedDcvSchema, normalizeDcv } from './validation.js';
import { WEB_SERVER_TYPES } from './web-server-types.js';

/** Ids of the billing system, and names of modules. */
const ID = /^[A-Za-z0-9._-]{1,64}$/;
const idFault = { error: 'must be 1 to 64 characters of A-Z a-z 0-9 . _ -' };

const MAX_NAMES = 100;
/** The API's limits for Type, AdminEmailAddress and PromotionCode. */
const MAX_TYPE = 50;
const MAX_EMAIL = 255;
const MAX_PROMOTION_CODE = 20;

/** The payload of `order`, as it comes in. Unknown fields are faults: a misspelt one would be ignored at the customer's cost. */
export const orderPayloadSchema = z.strictObject({
  module: z.string().regex(ID, idFault).default('default'),
  serviceId: z.string().regex(ID, idFault),
  type: z.string().min(1).max(MAX_TYPE),
  years: z.int().min(1).max(5),
  csr: csrTextSchema,
  /** For the common name, and for each further name without an entry in `dcvs`. */
  dcv: dcvSchema,
  sans: z.array(z.string()).max(MAX_NAMES).optional(),
  dcvs: z.array(namedDcvSchema).max(MAX_NAMES).optional(),
  webServerType: z.string().trim().toLowerCase().pipe(z.enum(WEB_SERVER_TYPES)).optional(),
  adminEmail: z.email().max(MAX_EMAIL).optional(),
  contacts: contactsSchema.optional(),
  organization: organizationSchema.optional(),
  promotionCode: z.string().min(1).max(MAX_PROMOTION_CODE).optional(),
});
export type OrderPayload = z.output<typeof orderPayloadSchema>;

/** The id of a service that comes in. One that is known may be a placeholder: its jobs take that id still. */
export const newServiceIdSchema = orderPayloadSchema.shape.serviceId.refine((id) => !isPlaceholderId(id), {
  error: 'nc- and a number is kept for certificates without a service: give the id of the billing system',
});

/** An order in which everything that can be checked without Namecheap is right. */
export interface CheckedOrder {
  /** Normalised: see {@link normalizeOrder}. */
  payload: OrderPayload;
  product: Product;
  csr: CsrFacts;
  commonName: string;
  /** Names besides the common name; empty unless the product takes several. */
  sans: string[];
  /** The common name first, then each of `sans`. */
  dcv: DcvChoice[];
  /** Names to be bought beyond those in the base price. */
  sansToAdd: number;
  /** Further parameters of the activation; `extra` under the API's own names. */
  activation: { webServerType?: string; adminEmail?: string; extra: Record<string, string> };
}

/**
 * Checks an order before money is spent on it: product, CSR, names, validation, organisation.
 * @throws InputError with every fault, each with its field and its remedy.
 */
export function checkOrder(input: OrderPayload): CheckedOrder {
  const payload = normalizeOrder(input);
  const { type, years, organization } = payload;
  const faults: string[] = [];
  const product = findProduct(type);
  const csr = readCsr(payload.csr, faults);
  if (product === null || csr === null) {
    if (product === null) faults.push(...listTypeFaults(payload));
    else faults.push(...listOrganizationFaults(product, organization, undefined));
    throw refuse(payload, faults);
  }
  if (years > product.maxYears) faults.push(`years: ${type} is sold for ${product.maxYears} years at most`);
  faults.push(...listOrganizationFaults(product, organization, csr.subject.O));
  const { commonName } = csr;
  const sans = readOrderedNames(product, csr, payload.sans, faults);
  const dcv = chooseValidation([commonName, ...sans], payload.dcv, payload.dcvs, faults);
  if (faults.length > 0) throw refuse(payload, faults);
  const sansToAdd = Math.max(0, sans.length + 1 - product.includedNames);
  const activation = composeActivation(product, payload);
  return { payload, product, csr, commonName, sans, dcv, sansToAdd, activation };
}

/** As {@link checkOrder}, for an order that comes in: its service must not be called like a placeholder. @throws as that. */
export function checkNewOrder(input: OrderPayload): CheckedOrder {
  const { error } = newServiceIdSchema.safeParse(input.serviceId);
  const faults = error?.issues.map(({ message }) => `serviceId: ${message}`) ?? [];
  try {
    const order = checkOrder(input);
    if (faults.length === 0) return order;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    faults.push(...error.faults);
  }
  throw refuse(input, faults);
}

function refuse({ serviceId }: OrderPayload, faults: readonly string[]): InputError {
  return new InputError(faults, `The order of service ${serviceId}`);
}

/** That the type is not known, also of a payload that does not fit the schema: all its faults are told at once. */
export function listTypeFaults(payload: unknown): string[] {
  const type = z.object({ type: orderPayloadSchema.shape.type }).safeParse(payload).data?.type;
  if (type === undefined || findProduct(type) !== null) return [];
  return [`type: "${type}" is not known; known are ${listTypes()}`];
}

/** The types to order by, for messages. */
export function listTypes(): string {
  return listProducts()
    .map((product) => product.names[0])
    .join(', ');
}

function readCsr(pem: string, faults: string[]): CsrFacts | null {
  try {
    return parseCsr(pem);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    faults.push(...error.faults.map((fault) => `csr: ${fault}`));
    return null;
  }
}

function composeActivation(product: Product, payload: OrderPayload): CheckedOrder['activation'] {
  const { webServerType, adminEmail, organization, contacts } = payload;
  return {
    ...(webServerType === undefined ? {} : { webServerType }),
    ...(adminEmail === undefined ? {} : { adminEmail }),
    extra: listActivationParameters(product, organization, contacts),
  };
}

/**
 * The order in its one spelling: PEM and names normalised, blanks of the type folded, empty lists dropped. Never
 * throws: what cannot be read stays, for {@link checkOrder} to name.
 */
export function normalizeOrder(payload: OrderPayload): OrderPayload {
  const { sans = [], dcvs = [], ...rest } = payload;
  const spell = (name: string): string => readDomain(name).domain ?? name.trim().toLowerCase();
  return {
    ...rest,
    type: payload.type.trim().replace(/\s+/g, ' '),
    csr: normalizePem(payload.csr),
    dcv: normalizeDcv(payload.dcv),
    ...(sans.length > 0 ? { sans: sans.map(spell) } : {}),
    ...(dcvs.length > 0
      ? { dcvs: dcvs.map((entry) => normalizeDcv({ ...entry, domain: spell(entry.domain) })) }
      : {}),
  };
}

/** What decides whether two orders are the same, as canonical JSON per field. */
function describeFields(payload: OrderPayload): Map<string, string> {
  const order = normalizeOrder(payload);
  const byDomain = (a: { domain: string }, b: { domain: string }) => (a.domain < b.domain ? -1 : 1);
  const comparable = {
    ...order,
    type: foldType(order.type),
    sans: order.sans?.toSorted(),
    dcvs: order.dcvs?.toSorted(byDomain),
  };
  const fields = Object.entries(comparable)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => [field, toCanonicalJson(value)] as const);
  return new Map(fields.filter(([, json]) => json !== '{}').sort());
}

/** SHA-256, hex: equal for orders that mean the same, whatever their key order, spelling of names or line ends. */
export function fingerprintOrder(payload: OrderPayload): string {
  const fields = JSON.stringify([...describeFields(payload)]);
  return createHash('sha256').update(fields).digest('hex');
}

/** The fields in which two orders differ, by {@link fingerprintOrder}'s measure; empty for equal ones. */
export function listOrderDifferences(a: OrderPayload, b: OrderPayload): string[] {
  const [first, second] = [describeFields(a), describeFields(b)];
  const fields = new Set([...first.keys(), ...second.keys()]);
  return [...fields].filter((field) => first.get(field) !== second.get(field)).sort();
}
