import { changeService } from './inbox.js';
import type { CertificateStore, LifecycleSettings } from './ports.js';
import { computeNextReissue } from './plan-reissue.js';
import type { CertificateRecord } from './record.js';

type Settings = Pick<LifecycleSettings, 'reissueBeforeMs' | 'reissueSpreadMs'>;

/**
 * The record with its next reissue by the present settings; null when that is what it has. A reissue that was begun for
 * this End date stays as it is, and so does an automation that stopped: a person lets it go on.
 */
function replanReissue(record: CertificateRecord, settings: Settings): CertificateRecord | null {
  const { issuedAt, endDate, paidTill, announced, automationStopped } = record;
  if (!['issued', 'expired'].includes(record.status) || automationStopped !== null) return null;
  if (issuedAt === null || endDate === null || paidTill === null || announced.reissue === endDate)
    return null;
  const nextReissueAt = computeNextReissue(record, settings);
  return nextReissueAt === record.nextReissueAt ? null : { ...record, nextReissueAt };
}

/** Plans one service anew, however busy it is. @returns whether that changed anything. @throws as {@link changeService}. */
export async function replanService(
  certificates: CertificateStore,
  serviceId: string,
  settings: Settings,
): Promise<boolean> {
  let isChanged = false;
  await changeService(certificates, serviceId, ({ record }) => {
    const after = replanReissue(record, settings);
    isChanged = after !== null;
    if (after === null) return null;
    const cause = `planned anew: next reissue ${after.nextReissueAt ?? ''}, before ${record.nextReissueAt ?? 'none'}`;
    return { after, change: { cause } };
  });
  return isChanged;
}
