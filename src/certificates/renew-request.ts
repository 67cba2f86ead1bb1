import { z } from 'zod';
import { FailError } from '../errors.js';
import { csrTextSchema } from './csr-pem.js';
import { checkOrder, orderPayloadSchema, type OrderPayload } from './order-payload.js';
import type { Stored } from './ports.js';
import type { CertificateRecord, Renewal } from './record.js';
import {
  composeDraft,
  demandInForce,
  demandModule,
  demandNames,
  requestIdSchema,
} from './reissue-request.js';

const DAY_MS = 86_400_000;

/** Namecheap sells a renewal from 90 days before the end to 180 days after it (ssl.renew); we count from the paid term's end. */
const EARLIEST_MS = 90 * DAY_MS;
const LATEST_MS = 180 * DAY_MS;

/** Terms last years: a date this close to a term's end means that term, however the billing system counts days, ms. */
const SAME_TERM_MS = 30 * DAY_MS;

const { serviceId, module, years, dcvs, promotionCode } = orderPayloadSchema.shape;

/** The payload of `renew`. `csr` and `dcv` default to the last ones used. */
export const renewPayloadSchema = z.strictObject({
  module: module.unwrap().optional(),
  serviceId,
  years,
  /** The end of the term that is extended: a day or a full time. */
  paidTill: z
    .union([z.iso.date(), z.iso.datetime({ offset: true })], {
      error: 'must be a date such as 2027-11-22, or a full time in ISO 8601',
    })
    .optional(),
  requestId: requestIdSchema.optional(),
  csr: csrTextSchema.optional(),
  dcv: orderPayloadSchema.shape.dcv.optional(),
  ...{ dcvs, promotionCode },
});
export type RenewPayload = z.output<typeof renewPayloadSchema>;

function isTerm(end: string, paidTill: string | undefined): boolean {
  return paidTill !== undefined && Math.abs(Date.parse(end) - Date.parse(paidTill)) <= SAME_TERM_MS;
}

/** The renewal that this request asked for already: by its own id, or by the term it extends. */
export function findRenewal(
  { renewals }: CertificateRecord,
  id: string,
  paidTill: string | undefined,
): Renewal | null {
  return renewals.find(({ requestId, from }) => requestId === id || isTerm(from, paidTill)) ?? null;
}

/** Whether the renewal in flight, or put aside, is the one that is asked for. */
export function isSameTerm(extended: string | null, paidTill: string | undefined): boolean {
  return extended === null || paidTill === undefined || isTerm(extended, paidTill);
}

/**
 * Whether the service may be renewed so, now: once per paid term, near its end, never in the middle of one (Namecheap
 * itself would sell it by the certificate's end, and charge for what is paid already).
 * @returns the request, null for the last one as it is, the names and the end of the term that is extended.
 * @throws InputError for values that do not fit; FailError with what to do instead.
 */
export function judgeRenewal(
  { record, request }: Stored,
  payload: RenewPayload,
  now: number,
): { draft: OrderPayload | null; names: string[]; extends: string } {
  demandModule(record, payload.module);
  demandInForce(record, 'renew');
  const { termEnd } = record;
  if (termEnd === null)
    throw new FailError(
      `The paid term of ${record.serviceId} is not known: tell it with certificate import --map`,
      'ERR_NO_TERM',
    );
  demandWindow(record.serviceId, termEnd, payload.paidTill, now);
  return { ...composeRequest({ record, request }, payload), extends: termEnd };
}

/** What corrects a renewal that is bought: no window closes for it. @throws as {@link judgeRenewal}, but for the term. */
export function judgeCorrection(
  { record, request }: Pick<Stored, 'record' | 'request'>,
  payload: RenewPayload,
): { draft: OrderPayload; names: string[] } {
  demandModule(record, payload.module);
  demandInForce(record, 'renew');
  return composeRequest({ record, request }, payload);
}

function composeRequest({ record, request }: Pick<Stored, 'record' | 'request'>, payload: RenewPayload) {
  const changed = composeDraft(request, payload);
  // A code is good for one purchase: the first order's must not go with the renewal.
  const asked: OrderPayload = { ...(changed ?? request), years: payload.years };
  delete asked.promotionCode;
  if (payload.promotionCode !== undefined) asked.promotionCode = payload.promotionCode;
  const order = checkOrder(asked);
  if (order.sansToAdd > record.sansAdded)
    throw new FailError(
      `${record.serviceId} has more names than were bought: reissue it with them and "allowCharge": true first, a renewal takes over what was bought`,
      'ERR_CHARGE_NOT_ALLOWED',
    );
  const names = [order.commonName, ...order.sans];
  demandNames(record, names, 'A renewal keeps the names; change them with a reissue afterwards.');
  return { draft: asked, names };
}

function demandWindow(id: string, termEnd: string, paidTill: string | undefined, now: number): void {
  if (paidTill !== undefined && !isTerm(termEnd, paidTill))
    throw new FailError(
      `The paid term of ${id} ends ${termEnd.slice(0, 10)}, not ${paidTill}: nothing was bought. Check which term the billing system extends`,
      'ERR_TERM_DIFFERS',
    );
  const end = Date.parse(termEnd);
  if (now < end - EARLIEST_MS)
    throw new FailError(
      `${id} is paid till ${termEnd.slice(0, 10)}; it can be renewed from ${new Date(end - EARLIEST_MS).toISOString().slice(0, 10)} (90 days before)`,
      'ERR_TOO_EARLY',
    );
  if (now > end + LATEST_MS)
    throw new FailError(
      `The paid term of ${id} ended ${termEnd.slice(0, 10)}, more than 180 days ago: order a new certificate under another serviceId`,
      'ERR_TOO_LATE',
    );
}
