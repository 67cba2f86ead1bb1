import type { Account } from './account.js';
import { readCommonName, type Certificate } from './certificate.js';
import type { SandboxClock } from './clock.js';

function writeTime(time: number | null | undefined): string | null {
  return time === null || time === undefined ? null : new Date(time).toISOString();
}

function describeCertificate(certificate: Certificate) {
  const { activation, issuance } = certificate;
  return {
    certificateId: certificate.certificateId,
    status: certificate.status,
    type: certificate.type,
    years: certificate.years,
    commonName: readCommonName(certificate),
    sans: activation?.names.slice(1).map((name) => name.domain) ?? [],
    orderedAt: writeTime(certificate.orderedAt),
    activatedAt: writeTime(activation?.at),
    issuedAt: writeTime(issuance?.at),
    notAfter: writeTime(issuance?.notAfter),
    termEnd: writeTime(certificate.termEnd),
    sansCount: certificate.sansCount,
    orderId: certificate.orderId,
    ...(certificate.carriedOverDays === 0 ? {} : { carriedOverDays: certificate.carriedOverDays }),
    ...(certificate.isByHand ? { byHand: true } : {}),
    ...describeRelations(certificate),
    ...(activation === null ? {} : { csrPublicKeyHash: activation.csr.publicKeyHash }),
  };
}

/** The certificates before and after it, only those that there are. */
function describeRelations({ renews, replaces, replacedBy, revokedAt }: Certificate) {
  return {
    ...(renews === null ? {} : { renews }),
    ...(replaces === null ? {} : { replaces }),
    ...(replacedBy === null ? {} : { replacedBy }),
    ...(revokedAt === null ? {} : { revokedAt: writeTime(revokedAt) }),
  };
}

/** Everything that happened in the account, for tests and the curious. Times are ISO 8601; no credentials. */
export function describeLedger(account: Account, clock: SandboxClock) {
  return {
    now: writeTime(clock.now()),
    balance: account.balance,
    charges: account.charges.map(({ at, isByHand, orderId, transactionId, certificateId, ...rest }) => ({
      at: writeTime(at),
      orderId,
      transactionId,
      certificateId,
      command: rest.command,
      amount: rest.amount,
      type: rest.type,
      years: rest.years,
      ...(rest.sansToAdd === 0 ? {} : { sansToAdd: rest.sansToAdd }),
      ...(isByHand ? { byHand: true } : {}),
    })),
    certificates: [...account.certificates.values()].map(describeCertificate),
    calls: account.calls.map(({ at, certificateId, ...call }) => ({
      at: writeTime(at),
      ...call,
      ...(certificateId === null ? {} : { certificateId }),
    })),
  };
}
