import type { OrderPayload } from '../../src/certificates/order-payload.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { COMMIT_LUA, commitKeys, composeCommit } from '../../src/store/commit.js';
import { defineScript } from '../../src/store/script.js';
import type { Store } from '../../src/store/store.js';
import { composeTestRecord } from './records.js';

const DAY_MS = 86_400_000;

/** So many records travel to Redis in one go. */
const BATCH = 2000;

const WRITE = defineScript(`${COMMIT_LUA}
write(cjson.decode(ARGV[1]))
return 1`);

let base: ReturnType<typeof composeTestRecord> | undefined;

/** A certificate in force, as an issuance stores it. Times in ms. */
export function composeIssued(
  serviceId: string,
  times: { issuedAt: number; endDate: number; termEnd: number; nextReissueAt: number | null },
  changes: Partial<CertificateRecord> = {},
) {
  const { issuedAt, endDate, termEnd, nextReissueAt } = times;
  const iso = (ms: number) => new Date(ms).toISOString();
  // One CSR for all: checking it a hundred thousand times would take longer than everything else.
  base ??= composeTestRecord('base');
  const request = { ...base.request, serviceId };
  const record: CertificateRecord = {
    ...base.record,
    serviceId,
    ...{ status: 'issued', operation: null, nextActionAt: null, certificateId: 1, certificateIds: [1] },
    ...{ issuedAt: iso(issuedAt), endDate: iso(endDate), termEnd: iso(termEnd) },
    paidTill: termEnd - endDate <= 2 * DAY_MS ? null : iso(termEnd),
    nextReissueAt: nextReissueAt === null ? null : iso(nextReissueAt),
    covered: [{ from: iso(issuedAt), till: iso(endDate) }],
    ...changes,
  };
  return { record, request };
}

/** The times of a 200-day certificate of a five-year term whose reissue is due in so many days (negative: was due). */
export function timesDueIn(days: number, now: number) {
  const issuedAt = now - (133 - days) * DAY_MS;
  const endDate = issuedAt + 200 * DAY_MS;
  return { issuedAt, endDate, termEnd: issuedAt + 1826 * DAY_MS, nextReissueAt: now + days * DAY_MS };
}

/** Stores many records quickly: what `create` writes for each, many in one trip. */
export async function storeFleet(
  { redis, keys }: Store,
  fleet: Iterable<{ record: CertificateRecord; request: OrderPayload }>,
): Promise<void> {
  await redis.script('LOAD', WRITE.source);
  let pipeline = redis.pipeline();
  for (const { record, request } of fleet) {
    const now = Date.parse(record.acceptedAt);
    const change = { cause: 'stored by a test', request };
    const { argument } = composeCommit({ before: null, after: record, now, change });
    const serviceKeys = commitKeys(keys, record.serviceId);
    pipeline.evalsha(WRITE.sha, serviceKeys.length, ...serviceKeys, argument);
    if (pipeline.length < BATCH) continue;
    await finish(pipeline.exec());
    pipeline = redis.pipeline();
  }
  await finish(pipeline.exec());
}

async function finish(sent: Promise<[Error | null, unknown][] | null>): Promise<void> {
  for (const [error] of (await sent) ?? []) if (error !== null) throw error;
}
