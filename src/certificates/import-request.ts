import { createHash } from 'node:crypto';
import { z } from 'zod';
import { newServiceIdSchema, orderPayloadSchema } from './order-payload.js';
import { requestIdSchema } from './reissue-request.js';

/** A map travels in one job; a larger customer base comes in several. */
const MAX_ROWS = 20_000;

/** One service of an existing customer base and its certificate: any id of the chain that reissues made. */
export const mapRowSchema = z.strictObject({
  serviceId: newServiceIdSchema,
  certificateId: z.int().positive(),
  /** End of the paid term: a day or a full time. */
  paidTill: z
    .union([z.iso.date(), z.iso.datetime({ offset: true })], {
      error: 'must be a date such as 2027-11-22, or a full time in ISO 8601',
    })
    .optional(),
});
export type MapRow = z.output<typeof mapRowSchema>;

/** What stands twice in a map: the position of the row, from 0, and the fault. */
export function findDuplicates(rows: readonly MapRow[]): { index: number; fault: string }[] {
  const seen = { serviceId: new Map<string, number>(), certificateId: new Map<string, number>() };
  return rows.flatMap((row, index) =>
    (['serviceId', 'certificateId'] as const).flatMap((field) => {
      const value = String(row[field]);
      if (!seen[field].has(value)) {
        seen[field].set(value, index);
        return [];
      }
      return [{ index, fault: `${field}: ${value} is listed twice; each service has one certificate` }];
    }),
  );
}

const mapSchema = z
  .array(mapRowSchema)
  .max(MAX_ROWS, { error: `holds more than ${MAX_ROWS} rows: import it in parts` })
  .superRefine((rows, context) => {
    for (const { index, fault } of findDuplicates(rows))
      context.addIssue({ code: 'custom', path: [index], message: fault });
  });

/** The payload of `import`. */
export const importPayloadSchema = z.strictObject({
  module: orderPayloadSchema.shape.module,
  map: mapSchema.optional(),
  requestId: requestIdSchema.optional(),
});
export type ImportPayload = z.output<typeof importPayloadSchema>;

/** Equal for imports that mean the same: one may go on where the other stopped. */
export function fingerprintImport({ module, map }: ImportPayload): string {
  const rows = map?.map(({ serviceId, certificateId, paidTill }) => [serviceId, certificateId, paidTill]);
  return createHash('sha256')
    .update(JSON.stringify([module, rows ?? null]))
    .digest('hex');
}
