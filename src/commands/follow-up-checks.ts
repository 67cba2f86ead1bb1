import { z } from 'zod';
import type { App } from '../app.js';
import type { Stored } from '../certificates/ports.js';
import { isUnderWay, judgeReissue, reissuePayloadSchema } from '../certificates/reissue-request.js';
import { findRenewal, judgeRenewal, renewPayloadSchema } from '../certificates/renew-request.js';
import { InputError, PmnamecheapError, WaitError } from '../errors.js';
import type { ModuleRecord } from '../modules/settings.js';
import type { DryCheck } from './dry-check.js';
import { describePrice, type PriceOptions } from './price-check.js';
import { findTell } from './service-checks.js';

const subjectSchema = z.object({ serviceId: z.string() });

/** Whether the job is for a service that is there already. */
export function isFollowUpJob(job: string): boolean {
  return job === 'renew' || job === 'reissue' || findTell(job) !== undefined;
}

/** What `--dry-run` of a job for a known service prints: whether the service takes it now, what it would do, and for a renewal what it costs. */
export async function listFollowUpChecks(
  app: App,
  job: string,
  parsed: unknown,
  options: PriceOptions,
): Promise<DryCheck[]> {
  const { serviceId } = subjectSchema.parse(parsed);
  const stored = await app.store.certificates.load(serviceId);
  if (stored === null)
    return [
      { check: 'service', ok: false, detail: `there is no ${serviceId}: see pmnamecheap certificate list` },
    ];
  const module = await app.store.modules.load(stored.record.module);
  const checks = [describeService(stored), describeServiceModule(stored, module)];
  if (job === 'reissue') return [...checks, ...judgeRekey(stored, parsed)];
  if (job !== 'renew') return [...checks, ...(await judgeOther(app, job, stored, parsed))];
  const judged = [...checks, ...judgeRenew(stored, parsed)];
  return module === null
    ? judged
    : [...judged, await describeRenewalPrice(app, stored, module, parsed, options)];
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
    const { names, sansToBuy } = judgeReissue(stored, payload, Date.now());
    const lost = [stored.record.commonName, ...stored.record.sans].filter((name) => !names.includes(name));
    const detail = `within the term that ends ${stored.record.termEnd ?? 'at an unknown time'}`;
    return [
      { check: 'reissue', ok: true, detail },
      { check: 'names', ok: true, detail: names.join(', ') },
      ...(lost.length === 0 ? [] : [{ check: 'fall away', ok: true, detail: lost.join(', ') }]),
      { check: 'price', ok: true, detail: describeNamesPrice(sansToBuy) },
    ];
  });
}

function describeNamesPrice(sansToBuy: number): string {
  if (sansToBuy === 0) return 'nothing is charged';
  return `${sansToBuy} more ${sansToBuy === 1 ? 'name' : 'names'} would be charged; Namecheap's price list does not tell how much`;
}

/** That its turn has not come is no reason to refuse a job: it waits. */
async function judgeOther(app: App, job: string, stored: Stored, parsed: unknown): Promise<DryCheck[]> {
  try {
    const detail = (await findTell(job)?.(app, stored, parsed)) ?? '';
    return [{ check: job, ok: true, detail }];
  } catch (error) {
    if (error instanceof WaitError)
      return [{ check: job, ok: true, detail: `it would wait: ${error.message}` }];
    return describeRefusal(error);
  }
}

function explain(judge: () => DryCheck[]): DryCheck[] {
  try {
    return judge();
  } catch (error) {
    return describeRefusal(error);
  }
}

/** A refusal, with each of its faults, as lines of the table. @throws what is none. */
function describeRefusal(error: unknown): DryCheck[] {
  if (!(error instanceof PmnamecheapError)) throw error;
  const details = error instanceof InputError ? error.faults : [error.message];
  return details.map((detail) => ({ check: 'refused', ok: false, detail }));
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
