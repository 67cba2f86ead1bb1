import { z } from 'zod';
import { FailError, WaitError } from '../errors.js';
import { orderPayloadSchema } from './order-payload.js';
import { readStage, type CertificateRecord, type Errand } from './record.js';
import { demandModule, requestIdSchema } from './reissue-request.js';

const { serviceId, module } = orderPayloadSchema.shape;

/** How often work looks whether the service was closed, ms. */
const CLOSING_MS = 10_000;

/** The payload of `close`. */
export const closePayloadSchema = z.strictObject({
  module: module.unwrap().optional(),
  serviceId,
  /** True brings a closed service back. */
  open: z.boolean().default(false),
  requestId: requestIdSchema.optional(),
});
export type ClosePayload = z.output<typeof closePayloadSchema>;

/** A wish to close that was accepted and not carried out yet. */
export function isClosing({ job, payload }: Errand): boolean {
  return job === 'close' && payload['open'] !== true;
}

/**
 * Whether nothing is left to do: it is as it is wanted, and nothing else was asked for meanwhile.
 * @throws FailError when the service is another module's.
 */
export function isAsWanted(record: CertificateRecord, payload: ClosePayload): boolean {
  demandModule(record, payload.module);
  const isWaiting = record.errands.some(({ job }) => job === 'close');
  return !isWaiting && (record.status === 'closed') !== payload.open;
}

/**
 * A service that is about to be closed buys and submits nothing more; what is under way is settled, and then it is closed.
 * @throws WaitError
 */
export function demandNotClosing(record: CertificateRecord): void {
  const isBetweenCalls =
    ['accepted', 'purchased'].includes(readStage(record)) && record.activationBegunAt === null;
  if (isBetweenCalls && record.errands.some(isClosing))
    throw new WaitError(`${record.serviceId} is about to be closed`, CLOSING_MS);
}

/** What whoever wants something of a closed service is told. */
export function refuseClosed(id: string): FailError {
  return new FailError(
    `Service ${id} is closed: reopen it with a close job and "open": true first, or use another serviceId`,
    'ERR_CLOSED',
  );
}
