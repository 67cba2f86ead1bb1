import { z } from 'zod';
import { FailError } from '../errors.js';
import { toCanonicalJson } from './canonical-json.js';
import { csrTextSchema } from './csr-pem.js';
import { checkOrder, normalizeOrder, orderPayloadSchema, type OrderPayload } from './order-payload.js';
import type { Stored } from './ports.js';
import { isUnfinished, REISSUE_REASONS, type CertificateRecord, type ReissueReason } from './record.js';

const { serviceId, module, sans, dcvs, webServerType, organization, contacts } = orderPayloadSchema.shape;

/** An id of the caller's own: the same one again changes nothing, however late. */
export const requestIdSchema = z.string().regex(/^[\w.:-]{1,128}$/, {
  error: 'must be 1 to 128 characters of A-Z a-z 0-9 . _ : -',
});

/** The payload of `reissue`. What is left out stays as it was ordered. */
export const reissuePayloadSchema = z.strictObject({
  module: module.unwrap().optional(),
  serviceId,
  reason: z.enum(REISSUE_REASONS).optional(),
  csr: csrTextSchema.optional(),
  dcv: orderPayloadSchema.shape.dcv.optional(),
  ...{ sans, dcvs, webServerType, organization, contacts },
  /** Names beyond what was bought are charged only with this. */
  allowCharge: z.boolean().default(false),
  requestId: requestIdSchema.optional(),
});
export type ReissuePayload = z.output<typeof reissuePayloadSchema>;

type Changes = Partial<
  Pick<ReissuePayload, 'csr' | 'dcv' | 'sans' | 'dcvs' | 'webServerType' | 'organization' | 'contacts'>
>;

/**
 * The order as the renewal or reissue asks for it: the last request with what is given put in its place; null when nothing
 * is. Validation by name of names that fall away falls away with them.
 */
export function composeDraft(request: OrderPayload, changes: Changes): OrderPayload | null {
  const {
    csr,
    dcv,
    sans: names,
    dcvs: named,
    webServerType: server,
    organization: org,
    contacts: people,
  } = changes;
  const given = {
    ...(csr === undefined ? {} : { csr }),
    ...(dcv === undefined ? {} : { dcv }),
    ...(names === undefined ? {} : { sans: names }),
    ...(named === undefined ? {} : { dcvs: named }),
    ...(server === undefined ? {} : { webServerType: server }),
    ...(org === undefined ? {} : { organization: org }),
    ...(people === undefined ? {} : { contacts: people }),
  };
  if (Object.keys(given).length === 0) return null;
  const draft = normalizeOrder({ ...request, ...given });
  if (named !== undefined || draft.dcvs === undefined || draft.sans === undefined) return draft;
  const kept = draft.sans;
  return { ...draft, dcvs: draft.dcvs.filter(({ domain }) => kept.includes(domain)) };
}

/** Whether two requests lead to the same certificate: the same CSR and names. */
function isSameRequest(a: OrderPayload, b: OrderPayload): boolean {
  const tell = ({ csr, sans: names = [] }: OrderPayload) => toCanonicalJson([csr, names.toSorted()]);
  return tell(normalizeOrder(a)) === tell(normalizeOrder(b));
}

/** True when a reissue with the same CSR and names is under way: it answers this request too. */
export function isUnderWay({ record, request, draft }: Stored, payload: ReissuePayload): boolean {
  const { operation } = record;
  if (operation?.job !== 'reissue' || !isUnfinished(operation.state)) return false;
  const wanted = composeDraft(request, payload);
  return wanted === null || isSameRequest(wanted, draft ?? request);
}

/**
 * Whether the service may be reissued so, now.
 * @returns the request, null for the last one as it is, the names it covers, the common name first, and how many of them must be bought.
 * @throws InputError for values that do not fit; FailError with what to do instead.
 */
export function judgeReissue(
  { record, request }: Stored,
  payload: ReissuePayload,
  now: number,
): { draft: OrderPayload | null; names: string[]; sansToBuy: number } {
  demandModule(record, payload.module);
  demandInForce(record, 'reissue');
  if (record.termEnd !== null && Date.parse(record.termEnd) <= now)
    throw new FailError(
      `The paid term of ${record.serviceId} ended ${record.termEnd}: buy the next one with renew`,
      'ERR_TERM_OVER',
    );
  const draft = composeDraft(request, payload);
  const order = checkOrder(draft ?? request);
  const wanted = [order.commonName, ...order.sans];
  if ((payload.reason ?? guessReason(payload)) !== 'names')
    demandNames(record, wanted, 'If that is meant, give the reason "names".');
  const missing = order.sansToAdd - record.sansAdded;
  if (missing > 0 && !payload.allowCharge)
    throw new FailError(
      `${missing} name(s) more than were bought for ${record.serviceId} would be charged: allow it with "allowCharge": true, or ask for fewer names`,
      'ERR_CHARGE_NOT_ALLOWED',
    );
  return { draft, names: wanted, sansToBuy: Math.max(0, missing) };
}

/** A reissue that nobody explains is somebody's wish, not the calendar's: of other names where names are given. */
export function guessReason({ sans: names }: Pick<ReissuePayload, 'sans'>): ReissueReason {
  return names === undefined ? 'rekey' : 'names';
}

/**
 * A CSR for other names takes the place of what a customer has installed: one wrong file must not take a site out.
 * @throws FailError when a name that is covered now would fall away.
 */
export function demandNames(record: CertificateRecord, wanted: readonly string[], remedy: string): void {
  const lost = [record.commonName, ...record.sans].filter((name) => !wanted.includes(name));
  if (lost.length === 0) return;
  throw new FailError(
    `${lost.join(', ')} of service ${record.serviceId} would fall away: the CSR or the names given are for ${wanted.join(', ')}. ${remedy}`,
    'ERR_NAMES_DIFFER',
  );
}

/** @throws FailError when the caller means another module than the service was ordered through. */
export function demandModule(record: CertificateRecord, wanted: string | undefined): void {
  if (wanted === undefined || wanted === record.module) return;
  throw new FailError(
    `Service ${record.serviceId} belongs to module "${record.module}", not "${wanted}": leave module out, or name that one`,
    'ERR_OTHER_MODULE',
  );
}

/** @throws FailError unless a certificate is in force, or was until it expired. */
export function demandInForce({ serviceId: id, status }: CertificateRecord, job: 'reissue' | 'renew'): void {
  if (status === 'issued' || status === 'expired') return;
  const remedy =
    status === 'closed'
      ? `reopen it with a close job and "open": true first`
      : `only an issued certificate can be; see certificate show ${id}`;
  throw new FailError(`Service ${id} is ${status} and cannot take a ${job} now: ${remedy}`, 'ERR_NOT_ISSUED');
}
