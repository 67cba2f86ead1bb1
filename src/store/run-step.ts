import { z } from 'zod';
import { StaleRecordError } from '../certificates/errors.js';
import type { Step } from '../certificates/ports.js';
import type { CertificateRecord } from '../certificates/record.js';
import { commitKeys, composeCommit } from './commit.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { accountKeys } from './purchase-scripts.js';
import { runScript, type Script } from './script.js';

const answerSchema = z.array(z.string()).min(1);
const staleReason = z.enum(['version', 'lease', 'missing', 'exists']);

/**
 * Runs a script that commits a record together with the books of its account; its first argument is the commit, and it
 * answers `stale` with a reason when that was refused. `now` in ms.
 * @throws StaleRecordError when the record is not the one the step started from.
 */
export async function runStep(
  { redis, keys, now }: { redis: RedisClient; keys: Keys; now: number },
  script: Script,
  step: Step,
  args: readonly (string | number)[],
): Promise<{ answer: string[]; saved: CertificateRecord }> {
  const { record: saved, argument } = composeCommit({ ...step, now });
  const names = [...commitKeys(keys, saved.serviceId), ...accountKeys(keys, saved.account)];
  const answer = answerSchema.parse(await runScript(redis, script, names, [argument, ...args]));
  if (answer[0] === 'stale') {
    const why = staleReason.parse(answer[1]);
    throw new StaleRecordError(saved.serviceId, why === 'exists' ? 'version' : why);
  }
  return { answer, saved };
}
