import { z } from 'zod';
import { foldType, spellType } from '../../config/products.js';
import { FailError, InputError } from '../errors.js';
import { NamecheapError } from '../namecheap/errors.js';
import { settleErrandFailure } from './errand-failure.js';
import { isBegun, settleErrand } from './inbox.js';
import { withLease } from './lease.js';
import { orderPayloadSchema } from './order-payload.js';
import type { AccountWork, Work } from './ports.js';
import { readFlightId, type CertificateRecord } from './record.js';
import { demandModule, requestIdSchema } from './reissue-request.js';

const { serviceId, module } = orderPayloadSchema.shape;

/** The payload of `revoke`. */
export const revokePayloadSchema = z.strictObject({
  module: module.unwrap().optional(),
  serviceId,
  certificateId: z.int().positive(),
  requestId: requestIdSchema.optional(),
});
export type RevokePayload = z.output<typeof revokePayloadSchema>;

/** Error 2011300: the certificate is of another type than the service's is now (Namecheap renames products). */
const OTHER_TYPE = 2011300;

/**
 * Whether the certificate may be revoked: Namecheap revokes only those that a reissue has replaced.
 * @returns true when it was revoked already.
 * @throws InputError for a certificate that is not the service's; FailError for one that is in use.
 */
export function judgeRevocation(record: CertificateRecord, payload: RevokePayload): boolean {
  demandModule(record, payload.module);
  const { certificateId } = payload;
  if (record.revokedIds.includes(certificateId)) return true;
  if (!record.certificateIds.includes(certificateId))
    throw new InputError(
      [
        `certificateId: ${certificateId} is not a certificate of service ${record.serviceId}; it has ${record.certificateIds.join(', ') || 'none'}`,
      ],
      'The revoke job',
    );
  const { shelved } = record;
  const aside = [shelved?.operation.certificateId, shelved?.under?.operation.certificateId];
  if ([record.certificateId, readFlightId(record), ...aside].includes(certificateId))
    throw new FailError(
      `Certificate ${certificateId} of ${record.serviceId} is in force or on its way, and Namecheap revokes only replaced ones: reissue it first, or ask Namecheap's support to revoke it`,
      'ERR_NOT_REPLACED',
    );
  return false;
}

/**
 * Revokes a replaced certificate of the service: the intent is recorded, one call is made, its outcome is recorded. A call that
 * was not answered is repeated, which is harmless; a refusal for its state then says that the first one succeeded.
 * @throws WaitError to be tried again; FailError or NamecheapError when Namecheap refuses.
 */
export async function revokeReplaced(
  accountWork: AccountWork,
  payload: RevokePayload,
  id: string,
): Promise<CertificateRecord> {
  return await withLease(accountWork, payload.serviceId, async (work, { record }) => {
    if (isBegun(record, 'revoke', id)) return record;
    if (judgeRevocation(record, payload))
      return await saveRevoked(work, record, payload, id, 'revoked before');
    const { certificateId } = payload;
    const wasBegun = record.revoking.includes(certificateId);
    const begun = wasBegun ? record : await saveBegun(work, record, certificateId);
    try {
      await callRevoke(work, begun, certificateId);
    } catch (error) {
      return await settleFailure(work, begun, payload, id, wasBegun, error);
    }
    return await saveRevoked(work, begun, payload, id, `certificate ${certificateId} revoked`);
  });
}

async function saveBegun(
  work: Work,
  record: CertificateRecord,
  certificateId: number,
): Promise<CertificateRecord> {
  const after = { ...record, revoking: [...record.revoking, certificateId] };
  const change = { cause: `revocation of certificate ${certificateId} begun`, lease: work.lease };
  return await work.certificates.save({ before: record, after, change });
}

async function callRevoke(work: Work, record: CertificateRecord, certificateId: number): Promise<void> {
  const { api } = work.account;
  const options = { signal: work.signal };
  const type = record.type ?? record.requestedType;
  try {
    await api.revokeCertificate({ certificateId, type }, options);
  } catch (error) {
    if (!(error instanceof NamecheapError) || !error.hasNumber(OTHER_TYPE)) throw error;
    const seen = await api.getInfo({ certificateId }, options);
    if (foldType(seen.type) === foldType(type)) throw error;
    await api.revokeCertificate({ certificateId, type: spellType(seen.type) }, options);
  }
}

async function settleFailure(
  work: Work,
  record: CertificateRecord,
  payload: RevokePayload,
  id: string,
  wasBegun: boolean,
  error: unknown,
): Promise<CertificateRecord> {
  if (!(error instanceof NamecheapError)) throw error;
  const { certificateId } = payload;
  if (error.errorClass === 'state') {
    const { status } = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
    if (wasBegun && status === 'replaced') {
      const cause = `certificate ${certificateId} revoked: the call that was not answered had been carried out`;
      return await saveRevoked(work, record, payload, id, cause);
    }
    await forgetIntent(work, record, certificateId, error.message);
    const reason =
      status === 'replaced'
        ? 'It is replaced, so it was probably revoked by hand before; look at it there'
        : `It is "${status}" there, and only replaced ones can be revoked through the API; ask Namecheap's support`;
    throw new FailError(
      `Namecheap does not revoke certificate ${certificateId}. ${reason}.`,
      'ERR_NOT_REPLACED',
      error,
    );
  }
  // Only what surely did nothing is forgotten: a state refused later would be read as our success.
  if (error.outcome === 'not-made' && !wasBegun)
    await forgetIntent(work, record, certificateId, error.message);
  throw await settleErrandFailure(work, record, 'revoke', id, error);
}

async function forgetIntent(
  work: Work,
  record: CertificateRecord,
  certificateId: number,
  reason: string,
): Promise<void> {
  const after = { ...record, revoking: record.revoking.filter((one) => one !== certificateId) };
  const change = { cause: `certificate ${certificateId} not revoked: ${reason}`, lease: work.lease };
  await work.certificates.save({ before: record, after, change });
}

async function saveRevoked(
  work: Work,
  record: CertificateRecord,
  { certificateId }: RevokePayload,
  id: string,
  cause: string,
): Promise<CertificateRecord> {
  const isNew = !record.revokedIds.includes(certificateId);
  const after = {
    ...record,
    ...settleErrand(record, 'revoke', id),
    revokedIds: [...new Set([...record.revokedIds, certificateId])],
    revoking: record.revoking.filter((one) => one !== certificateId),
  };
  const change = { cause, ...(isNew ? { event: 'certificate.revoked' as const } : {}), lease: work.lease };
  return await work.certificates.save({ before: record, after, change });
}
