import type { z } from 'zod';
import { parseEnvironment } from '../config/environment.js';
import { App } from './app.js';
import type { orderPayloadSchema } from './certificates/order-payload.js';
import type { CertificateResult, CertificateView } from './certificates/present.js';
import type { reissuePayloadSchema } from './certificates/reissue-request.js';
import type { renewPayloadSchema } from './certificates/renew-request.js';
import { readCertificate } from './certificates/view.js';
import type { JobEnd } from './queue/job-end.js';

export { verifyWebhook, type ReceivedWebhook } from './webhook/sign.js';
export type { CertificateResult, CertificateView, JobEnd };

/** An order as a billing system writes it: `module` may be left out. */
export type OrderInput = z.input<typeof orderPayloadSchema>;

/** `paidTill` (the end of the term being extended) or `requestId` makes a late repeat harmless. */
export type RenewInput = z.input<typeof renewPayloadSchema>;
/** What is left out stays as it was ordered. */
export type ReissueInput = z.input<typeof reissuePayloadSchema>;

export interface ProducerOptions {
  /** `redis://` or `rediss://`. */
  redisUrl?: string;
  /** A PEM file with the authority that signed Redis's certificate, where Node does not know it. */
  redisCaFile?: string;
  /** Must be the workers' PMNAMECHEAP_PREFIX. */
  prefix?: string;
}

/** Adds jobs from a billing system, and reads what became of them. The worker does the rest. */
export interface Producer {
  /** Accepts an order durably and adds its job. @returns the job's id. @throws InputError listing every fault. */
  order(payload: OrderInput): Promise<string>;
  /** Buys the follow-up term of a known certificate, once per paid term. @throws InputError, FailError with what to do. */
  renew(payload: RenewInput): Promise<string>;
  /** The next certificate within the paid term, or another key or other names. @throws InputError, FailError with what to do. */
  reissue(payload: ReissueInput): Promise<string>;
  /** Adds any job, by its name. */
  enqueue(job: string, payload: unknown): Promise<string>;
  /** Waits for a job's end, up to `timeoutMs`. */
  waitFor(job: string, id: string, timeoutMs: number): Promise<JobEnd>;
  /** What is known of a service, or null. */
  readCertificate(serviceId: string): Promise<CertificateView | null>;
  close(): Promise<void>;
}

/** @throws RedisUnavailableError when Redis does not answer; InputError when an option is not valid. */
export async function createProducer(options: ProducerOptions = {}): Promise<Producer> {
  const environment = parseEnvironment({
    REDIS_URL: options.redisUrl,
    REDIS_CA_FILE: options.redisCaFile,
    PMNAMECHEAP_PREFIX: options.prefix,
  });
  // A producer inside somebody's application leaves logging to that application.
  const app = await App.open(environment, { log: () => undefined, isEnabled: () => false });
  return {
    order: (payload) => app.enqueue('order', payload),
    renew: (payload) => app.enqueue('renew', payload),
    reissue: (payload) => app.enqueue('reissue', payload),
    enqueue: (job, payload) => app.enqueue(job, payload),
    waitFor: (job, id, timeoutMs) => app.queues.waitFor(job, id, timeoutMs),
    readCertificate: (serviceId) => readCertificate(app.store.certificates, serviceId),
    close: () => app.close(),
  };
}
