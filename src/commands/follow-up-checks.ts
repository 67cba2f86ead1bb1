import type { App } from '../app.js';
import type { Stored } from '../certificates/ports.js';
import { isUnderWay, judgeReissue, reissuePayloadSchema } from '../certificates/reissue-request.js';
import { findRenewal, judgeRenewal, renewPayloadSchema } from '../certificates/renew-request.js';
import { InputError, PmnamecheapError } from '../errors.js';
import type { ModuleRecord } from '../modules/settings.js';
import type { DryCheck } from './dry-check.js';
import { describePrice, type PriceOptions } from './price-check.js';

/** What `enqueue renew --dry-run` and `enqueue reissue --dry-run` print besides the payload: whether the service takes it now, and what it costs. */
export async function listFollowUpChecks(
  app: App,
  job: 'renew' | 'reissue',
  parsed: unknown,
  options: PriceOptions,
): Promise<DryCheck[]> {
  const { serviceId } =
    job === 'renew' ? renewPayloadSchema.parse(parsed) : reissuePayloadSchema.parse(parsed);
  const stored = await app.store.certificates.load(serviceId);
  if (stored === null)
    return [
      { check: 'service', ok: false, detail: `there is no ${serviceId}: see pmnamecheap certificate list` },
    ];
  const module = await app.store.modules.load(stored.record.module);
  const judged = job === 'renew' ? judgeRenew(stored, parsed) : judgeRekey(stored, parsed);
  const price =
    module === null || job === 'reissue'
      ? []
      : [await describeRenewalPrice(app, stored, module, parsed, options)];
  return [describeService(stored), describeServiceModule(stored, module), ...judged, ...price];
}

function describeService({ record }: Stored): DryCheck {
  const { serviceId, status, commonName, operation } = record;
  const flight = operation === null ? '' : `; in flight: ${operation.job} ${operation.state}`;
  return { check: 'service', ok: true, detail: `${serviceId} (${commonName}) is ${status}${flight}` };
}

function describeServiceModule({ record }: Stored, module: ModuleRecord | null): DryCheck {
  const name = record.module;
  if (module !== null) return { check: 'module', ok: true, detail: `${name} (${module.username})` };
  return {
    check: 'module',
    ok: false,
    detail: `there is no "${name}": add it with pmnamecheap module add ${name}`,
  };
}

function judgeRenew(stored: Stored, parsed: unknown): DryCheck[] {
  const payload = renewPayloadSchema.parse(parsed);
  const known = findRenewal(stored.record, payload.requestId ?? '', payload.paidTill);
  if (known !== null) {
    const detail = `renewed before, till ${known.till}: nothing would be bought again`;
    return [{ check: 'term', ok: true, detail }];
  }
  return explain(() => {
    const { extends: end, names } = judgeRenewal(stored, payload, Date.now());
    return [
      {
        check: 'term',
        ok: true,
        detail: `the term that ends ${end} would be extended by ${payload.years} year(s)`,
      },
      { check: 'names', ok: true, detail: names.join(', ') },
    ];
  });
}

function judgeRekey(stored: Stored, parsed: unknown): DryCheck[] {
  const payload = reissuePayloadSchema.parse(parsed);
  if (isUnderWay(stored, payload))
    return [{ check: 'reissue', ok: true, detail: 'the one under way answers: nothing would be begun' }];
  return explain(() => {
    const { names } = judgeReissue(stored, payload, Date.now());
    const detail = `within the term that ends ${stored.record.termEnd ?? 'at an unknown time'}`;
    return [
      { check: 'reissue', ok: true, detail },
      { check: 'names', ok: true, detail: names.join(', ') },
    ];
  });
}

/** A refusal, with each of its faults, as lines of the table. */
function explain(judge: () => DryCheck[]): DryCheck[] {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof PmnamecheapError)) throw error;
    const details = error instanceof InputError ? error.faults : [error.message];
    return details.map((detail) => ({ check: 'refused', ok: false, detail }));
  }
}

async function describeRenewalPrice(
  app: App,
  { record }: Stored,
  module: ModuleRecord,
  parsed: unknown,
  options: PriceOptions,
): Promise<DryCheck> {
  const { years } = renewPayloadSchema.parse(parsed);
  const type = record.type ?? record.requestedType;
  return await describePrice(app, module, type, 'RENEW', years, options);
}
