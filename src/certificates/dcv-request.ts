import { z } from 'zod';
import { FailError, InputError, WaitError } from '../errors.js';
import type { DcvChoice } from '../namecheap/api.js';
import { toCanonicalJson } from './canonical-json.js';
import { normalizeOrder, orderPayloadSchema, type OrderPayload } from './order-payload.js';
import type { Stored } from './ports.js';
import { isUnfinished, readStage, type CertificateRecord } from './record.js';
import { demandModule, requestIdSchema } from './reissue-request.js';
import { chooseValidation } from './validation.js';

const { serviceId, module, dcv, dcvs } = orderPayloadSchema.shape;

/** How often a change waits for the CSR to be submitted first, ms: it costs no call. */
const BUSY_MS = 60_000;

/** The payload of `dcv`. `dcv` is for the common name and for every name without an entry; entries of `dcvs` replace those of the same name. */
export const dcvPayloadSchema = z.strictObject({
  module: module.unwrap().optional(),
  serviceId,
  dcv: dcv.optional(),
  dcvs,
  requestId: requestIdSchema.optional(),
});
export type DcvPayload = z.output<typeof dcvPayloadSchema>;

/** `now`: a validation is under way. `later`: nothing is; the choice is for the next reissue. Choices: the common name first. */
export interface ValidationPlan {
  when: 'now' | 'later';
  former: DcvChoice[];
  choices: DcvChoice[];
  /** Nothing is changed: it is to be tried again. */
  isSame: boolean;
}

/**
 * What a `dcv` job means for the service as it stands; it is checked as an order is.
 * @throws InputError for choices that cannot work; FailError with what to do instead; WaitError ERR_BUSY until the CSR is submitted.
 */
export function planValidation(stored: Stored, payload: DcvPayload): ValidationPlan {
  const { record } = stored;
  demandModule(record, payload.module);
  const stage = readStage(record);
  const isPending = stage === 'pending-validation';
  const base = normalizeOrder(readBase(stored));
  const names = (isPending ? record.operation?.names : null) ?? [record.commonName, ...record.sans];
  const former = chooseValidation(names, base.dcv, keepKnown(base.dcvs, names), []);
  const choices = readChoices(base, names, payload);
  const isSame = toCanonicalJson(former) === toCanonicalJson(choices);
  if (isPending) return { when: 'now', former, choices, isSame };
  const isAsked = payload.dcv !== undefined || payload.dcvs !== undefined;
  if (isUnfinished(stage))
    throw new WaitError(`${record.serviceId} is ${stage}; this follows`, BUSY_MS, 'ERR_BUSY');
  if (!isAsked || !['issued', 'expired'].includes(record.status)) throw refuse(record);
  return { when: 'later', former, choices, isSame };
}

/** What the validation under way was asked for with, else the last request. */
export function readBase({ record, request, draft }: Stored): OrderPayload {
  return readStage(record) === 'pending-validation' ? (draft ?? request) : request;
}

type Entries = OrderPayload['dcvs'];

function keepKnown(entries: Entries, names: readonly string[]): NonNullable<Entries> {
  return (entries ?? []).filter(({ domain }) => names.indexOf(domain) > 0);
}

function readChoices(base: OrderPayload, names: readonly string[], payload: DcvPayload): DcvChoice[] {
  const given = normalizeOrder({ ...base, dcv: payload.dcv ?? base.dcv, dcvs: payload.dcvs ?? [] });
  const entries = given.dcvs ?? [];
  const kept = keepKnown(base.dcvs, names).filter(
    (old) => !entries.some(({ domain }) => domain === old.domain),
  );
  const faults: string[] = [];
  const choices = chooseValidation(names, given.dcv, [...entries, ...kept], faults);
  if (faults.length > 0) throw new InputError(faults, `The validation of service ${base.serviceId}`);
  return choices;
}

/** The request with these choices in their shortest form: one for the common name, entries for what differs from it. */
export function withChoices(request: OrderPayload, choices: readonly DcvChoice[]): OrderPayload {
  const [first, ...others] = choices;
  if (first === undefined) return request;
  const { method, approverEmail } = first;
  const entries = others.filter((one) => one.method !== method || one.approverEmail !== approverEmail);
  const dcv = approverEmail === undefined ? { method } : { method, approverEmail };
  return normalizeOrder({ ...request, dcv, dcvs: entries });
}

function refuse({ serviceId: id, status, operation }: CertificateRecord): FailError {
  const remedies: Partial<Record<typeof status, string>> = {
    issued: 'to choose the method of the next reissue, give "dcv"; to get one now, use reissue',
    expired: 'to choose the method of the next reissue, give "dcv"; to get one now, use reissue',
    failed: `order it again with another "dcv": what was bought is used`,
    closed: 'reopen it with a close job and "open": true first',
  };
  const what = operation === null ? status : `${status}, its ${operation.job} ${operation.state}`;
  return new FailError(
    `Nothing is being validated for ${id} (${what}): ${remedies[status] ?? `see certificate show ${id}`}`,
    'ERR_NOT_PENDING',
  );
}
