import { z } from 'zod';

/** The three things to check when a connection fails, as BILLmanager's own wizard names them. */
const checkSchema = z.object({
  check: z.enum(['credentials', 'endpoint', 'client-ip']),
  ok: z.boolean(),
  /** What Namecheap said and what to do. */
  detail: z.string(),
});
export type ConnectionCheck = z.infer<typeof checkSchema>;

const failureSchema = z.object({
  ok: z.literal(false),
  message: z.literal('Cannot connect to the processing module'),
  checks: z.array(checkSchema),
});
export type ConnectionFailure = z.infer<typeof failureSchema>;

const successSchema = z.object({
  ok: z.literal(true),
  /** Null for settings that are not stored. */
  module: z.string().nullable(),
  balance: z.object({ amount: z.string(), currency: z.string() }),
  sandbox: z.boolean(),
  latencyMs: z.number(),
});
export type ConnectionSuccess = z.infer<typeof successSchema>;

/** What the `test` job returns. */
export const testResultSchema = z.discriminatedUnion('ok', [successSchema, failureSchema]);
export type TestResult = z.infer<typeof testResultSchema>;
