import { z } from 'zod';
import type { App } from '../app.js';
import { acceptOrder } from '../certificates/accept.js';
import { checkNewOrder, orderPayloadSchema, type CheckedOrder } from '../certificates/order-payload.js';
import { FailError } from '../errors.js';
import type { JobDefinition } from '../job.js';
import { accountId, type ModuleRecord } from '../modules/settings.js';
import type { DryCheck } from './dry-check.js';
import { isFollowUpJob, listFollowUpChecks } from './follow-up-checks.js';
import { describePrice, type PriceCheck, type PriceOptions } from './price-check.js';

/** The payload of an order with everything checked that can be checked without Namecheap; null for other jobs. @throws InputError */
export function checkPayload(definition: JobDefinition, parsed: unknown): CheckedOrder | null {
  return definition.name === 'order' ? checkNewOrder(orderPayloadSchema.parse(parsed)) : null;
}

/** What `--dry-run` prints: what the payload was found to mean, and whether the store is ready for it. Adds no job of this kind. */
export async function listDryChecks(
  app: App,
  job: string,
  parsed: unknown,
  order: CheckedOrder | null,
  options: PriceOptions,
): Promise<DryCheck[]> {
  if (isFollowUpJob(job)) return await listFollowUpChecks(app, job, parsed, options);
  const name = z.object({ module: z.string() }).safeParse(parsed).data?.module;
  const module = name === undefined ? null : await app.store.modules.load(name);
  const checks: DryCheck[] =
    order === null ? [{ check: 'payload', ok: true, detail: 'valid' }] : describeOrder(order);
  if (name !== undefined) checks.push(describeModule(name, module));
  if (order !== null && module !== null) {
    checks.push(
      await checkService(app, order, module),
      await describeOrderPrice(app, order, module, options),
    );
  }
  return checks;
}

function describeOrder({ payload, product, csr, commonName, sans, dcv }: CheckedOrder): DryCheck[] {
  const { keyType, keyBits, curve } = csr;
  const ok = true;
  return [
    {
      check: 'product',
      ok,
      detail: `${payload.type} (${product.canonical}), ${payload.years} ${payload.years === 1 ? 'year' : 'years'}`,
    },
    { check: 'validation level', ok, detail: product.validation.toUpperCase() },
    { check: 'common name', ok, detail: commonName },
    { check: 'names', ok, detail: [commonName, ...sans].join(', ') },
    { check: 'key', ok, detail: keyType === 'rsa' ? `RSA ${keyBits}` : `EC ${curve ?? keyBits}` },
    ...dcv.map(({ domain, method, approverEmail }) => ({
      check: 'DCV',
      ok,
      detail: `${domain} by ${method}${approverEmail === undefined ? '' : ` to ${approverEmail}`}`,
    })),
  ];
}

function describeModule(name: string, module: ModuleRecord | null): DryCheck {
  if (module === null)
    return {
      check: 'module',
      ok: false,
      detail: `there is no "${name}": add it with pmnamecheap module add ${name}`,
    };
  return {
    check: 'module',
    ok: true,
    detail: `${name} (${module.username}${module.sandbox ? ', sandbox' : ''})`,
  };
}

/** The price list knows neither added names nor promotion codes: the line says so instead of guessing. */
async function describeOrderPrice(
  app: App,
  { payload, sansToAdd }: CheckedOrder,
  module: ModuleRecord,
  options: PriceOptions,
): Promise<PriceCheck> {
  const found = await describePrice(app, module, payload.type, 'PURCHASE', payload.years, options);
  if (found.price === null) return found;
  const missing = [
    ...(sansToAdd > 0 ? [`${sansToAdd} added ${sansToAdd === 1 ? 'name' : 'names'}`] : []),
    ...(payload.promotionCode === undefined ? [] : ['the promotion code']),
  ];
  if (missing.length === 0) return found;
  const what = `${missing.join(' and ')} not included (the list does not tell)`;
  return { ...found, detail: `${found.detail}; ${what}` };
}

/** What an order means for a service that may be known already. */
async function checkService(app: App, order: CheckedOrder, module: ModuleRecord): Promise<DryCheck> {
  const { serviceId } = order.payload;
  const stored = await app.store.certificates.load(serviceId);
  try {
    const { kind } = acceptOrder(stored, order, accountId(module), Date.now());
    const status = stored?.record.status ?? '';
    const detail = {
      new: `${serviceId} is new`,
      known: `${serviceId} was ordered exactly so before and is ${status}: nothing would be bought again`,
      changed: `${serviceId} failed before: it would be worked on again`,
    };
    return { check: 'service', ok: true, detail: detail[kind] };
  } catch (error) {
    if (!(error instanceof FailError)) throw error;
    return { check: 'service', ok: false, detail: error.message };
  }
}
