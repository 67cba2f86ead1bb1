import { z } from 'zod';
import { MAX_ADDED_SANS } from './catalogue.js';
import { CERTIFICATE_STATUSES } from './certificate.js';
import { DAY } from './clock.js';
import { VALIDATION_MODES } from './lifecycle.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY };
const LONGEST_MS = 100 * 366 * DAY;

export const clockSchema = z
  .strictObject({
    advanceMs: z.int().nonnegative().max(LONGEST_MS).optional(),
    /** `500ms`, `30s`, `20m`, `12h`, `30d`. */
    advance: z
      .string()
      .regex(/^\d{1,12}(ms|s|m|h|d)$/u)
      .transform((text) => parseInt(text, 10) * (UNITS[text.replace(/^\d+/u, '')] ?? 0))
      .pipe(z.number().max(LONGEST_MS))
      .optional(),
  })
  .refine((body) => (body.advanceMs === undefined) !== (body.advance === undefined), {
    error: 'give either advanceMs or advance',
  });

export const validationSchema = z.strictObject({
  certificateId: z.int().positive().optional(),
  mode: z.enum(VALIDATION_MODES),
});
export const balanceSchema = z.strictObject({ balance: z.string().regex(/^\d{1,9}(\.\d{1,4})?$/u) });
export const firstLeafSchema = z.strictObject({ days: z.number().positive().max(3660) });
const years = z.int().min(1).max(5);
export const purchaseSchema = z.strictObject({
  type: z.string().min(1),
  years,
  /** Names beyond the included ones; multi-domain products only. */
  sansToAdd: z.int().min(0).max(MAX_ADDED_SANS).optional(),
});
export const renewalSchema = z.strictObject({ certificateId: z.int().positive(), years });
export const activationSchema = z.strictObject({
  certificateId: z.int().positive(),
  /** PEM; for a reissue the one used before when left out. */
  csr: z.string().min(1).optional(),
  sans: z.array(z.string().min(1)).max(99).optional(),
});
export const statusSchema = z.strictObject({
  certificateId: z.int().positive(),
  status: z.enum(CERTIFICATE_STATUSES),
});
