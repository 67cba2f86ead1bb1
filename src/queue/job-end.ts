import type { QueueEvents, QueueEventsListener } from 'bullmq';

/** How a job that was waited for ended. `reason` is the last thing known where it has not ended. */
export type JobEnd =
  | { kind: 'completed'; result: unknown }
  | { kind: 'failed'; reason: string }
  | { kind: 'waiting'; reason: string };

/** The longest that a timer of Node can wait, ms: a longer one would end at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** What a queue's events say of one job: BullMQ emits each once more under the job's id. */
interface EndListener extends QueueEventsListener {
  [event: `completed:${string}`]: (args: { returnvalue: unknown }) => void;
  [event: `failed:${string}`]: (args: { failedReason: string }) => void;
}

/**
 * Hears the end of a job from its queue's events; BullMQ's own wait cannot be given up, and its timer keeps the process.
 * @param readEnd how it stands now: it may have ended before anybody listened
 * @returns null when `timeoutMs` are over or `stop` fires first; nothing is left behind then.
 * @throws what `readEnd` throws.
 */
export function hearEnd(
  events: QueueEvents,
  id: string,
  { timeoutMs, stop, readEnd }: { timeoutMs: number; stop: AbortSignal; readEnd: () => Promise<JobEnd> },
): Promise<JobEnd | null> {
  if (stop.aborted) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(null), Math.min(timeoutMs, LONGEST_MS));
    const onStop = () => end(null);
    const onCompleted = ({ returnvalue }: { returnvalue: unknown }) =>
      end({ kind: 'completed', result: returnvalue });
    const onFailed = ({ failedReason }: { failedReason: string }) =>
      end({ kind: 'failed', reason: failedReason });
    const letGo = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', onStop);
      events.off<EndListener>(`completed:${id}`, onCompleted);
      events.off<EndListener>(`failed:${id}`, onFailed);
    };
    const end = (how: JobEnd | null) => {
      letGo();
      resolve(how);
    };
    stop.addEventListener('abort', onStop, { once: true });
    events.on<EndListener>(`completed:${id}`, onCompleted);
    events.on<EndListener>(`failed:${id}`, onFailed);
    readEnd().then(
      (now) => (now.kind === 'waiting' ? undefined : end(now)),
      (error: unknown) => {
        letGo();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
