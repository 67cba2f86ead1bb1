import type { Stored } from './ports.js';
import { isUnfinished, readStage } from './record.js';

/** A job that takes up again what is in flight. */
export interface Ring {
  job: string;
  payload: unknown;
}

/** The job for what is in flight and has work to do; null when nothing has. What it asks for is in the record: the payload only points there. */
export function composeRing({ record, request }: Pick<Stored, 'record' | 'request'>): Ring | null {
  const { serviceId, operation } = record;
  if (!isUnfinished(readStage(record)) || operation === null) return null;
  switch (operation.job) {
    case 'order':
      return { job: 'order', payload: request };
    case 'reissue': {
      const { reason, requestId } = operation;
      return { job: 'reissue', payload: { serviceId, ...dropNulls({ reason, requestId }) } };
    }
    case 'renew': {
      const { years, extends: paidTill, requestId } = operation;
      return { job: 'renew', payload: { serviceId, ...dropNulls({ years, paidTill, requestId }) } };
    }
  }
}

function dropNulls(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
