import { randomUUID } from 'node:crypto';
import { makeCsr } from '../csr-fixtures.js';

/** A service id that no other test uses. */
export function createServiceId(): string {
  return `svc-${randomUUID().slice(0, 8)}`;
}

/** The payload of an order with a fresh service id and a fresh key, validated by DNS unless changed. */
export async function composeOrder(commonName: string, changes: Readonly<Record<string, unknown>> = {}) {
  const { csr } = await makeCsr({ commonName });
  return {
    serviceId: createServiceId(),
    type: 'PositiveSSL',
    years: 1,
    csr,
    dcv: { method: 'dns' },
    ...changes,
  };
}
