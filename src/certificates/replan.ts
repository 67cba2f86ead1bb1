import { changeService } from './inbox.js';
import { computeReissueDue, isDueAtOnce } from './due.js';
import type { CertificateStore, LifecycleSettings } from './ports.js';
import type { CertificateRecord } from './record.js';

type Settings = Pick<LifecycleSettings, 'reissueBeforeMs' | 'reissueSpreadMs'>;

/**
 * The record with its next reissue by the present settings; null when that is what it has. A reissue that was begun for
 * this End date stays as it is. An automation that stopped goes on when the settings no longer make it run in a circle:
 * should the End date have stood still for another reason, one more reissue ends it again.
 */
export function replanReissue(record: CertificateRecord, settings: Settings): CertificateRecord | null {
  const { serviceId, issuedAt, endDate, paidTill, announced, problem, automationStopped } = record;
  if (!['issued', 'expired'].includes(record.status)) return null;
  if (issuedAt === null || endDate === null || paidTill === null) return null;
  const timing = { issuedAt: Date.parse(issuedAt), endDate: Date.parse(endDate) };
  const due = computeReissueDue({
    ...{ serial: serviceId, ...timing, paidTill: Date.parse(paidTill) },
    ...{ reissueBeforeMs: settings.reissueBeforeMs, reissueSpreadMs: settings.reissueSpreadMs },
  });
  if (due === null || announced.reissue === endDate) return null;
  if (automationStopped !== null && isDueAtOnce({ issuedAt: timing.issuedAt, due })) return null;
  const nextReissueAt = new Date(due).toISOString();
  if (nextReissueAt === record.nextReissueAt && automationStopped === null) return null;
  const isOver = automationStopped !== null && problem?.includes(automationStopped) === true;
  return { ...record, nextReissueAt, automationStopped: null, problem: isOver ? null : problem };
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
