import type { FaultRule } from '../../src/sandbox/faults.js';

/** The n-th call (from 1) whose name begins so; '' for any call. */
export interface Target {
  call: string;
  nth: number;
}

/** Something that goes wrong once the target is reached. Durations in ms. */
export type Fault = { at: Target } & (
  | { kind: 'crash'; side: 'before' | 'after' }
  | { kind: 'http'; rule: Omit<FaultRule, 'command'> }
  | { kind: 'refused'; calls: number }
  | { kind: 'reply-lost'; isExecuted: boolean }
  | { kind: 'redis-down'; calls: number }
  /** The call is held back, or its answer, while others go on: a process that was stopped, a network that is slow. */
  | { kind: 'stall'; side: 'before' | 'after'; ms: number }
  | { kind: 'clock'; whose: 'redis' | 'worker'; ms: number }
  | { kind: 'queue-lost' }
  /** Nobody works and nothing repeats for so long. */
  | { kind: 'idle'; ms: number }
  | { kind: 'by-hand'; type: string; years: number }
  /** The record is put back to what it was when the disturbance began, as by somebody who restores one key. */
  | { kind: 'record-restored' }
  /** A copy is made of all that Redis holds: what a loss goes back to. */
  | { kind: 'data-copied' }
  /** Redis starts again with the last copy, or with nothing; deadly: all workers die with it. */
  | { kind: 'data-loss'; isEmptied: boolean; isDeadly: boolean }
);

const NAMES = {
  'redis-down': 'Redis unreachable for a while',
  refused: 'connection refused for a while',
  'queue-lost': 'queue lost',
  idle: 'late schedulers',
  'by-hand': 'purchase by hand',
  'record-restored': 'record put back',
  'data-copied': 'data copied',
} as const;

/** A short name for the tables. */
export function nameFault(fault: Fault): string {
  switch (fault.kind) {
    case 'crash':
      return `process death ${fault.side} a call`;
    case 'http':
      return `http: ${fault.rule.fault}${fault.rule.before === true ? ' before acting' : ''}`;
    case 'reply-lost':
      return `Redis: reply lost, command ${fault.isExecuted ? 'executed' : 'not executed'}`;
    case 'stall':
      return `stalled worker, ${fault.side === 'before' ? 'call' : 'answer'} held`;
    case 'clock':
      return `clock step, ${fault.whose}`;
    case 'data-loss':
      return `data lost: ${fault.isEmptied ? 'emptied' : 'put back'}${fault.isDeadly ? ', workers die' : ''}`;
    default:
      return NAMES[fault.kind];
  }
}

interface Armed {
  fault: Fault;
  seen: number;
}

/** The faults that have not struck yet. */
export class FaultPlan {
  #armed: Armed[];
  readonly struck: { fault: Fault; call: string }[] = [];

  constructor(faults: readonly Fault[]) {
    this.#armed = faults.map((fault) => ({ fault, seen: 0 }));
  }

  /** Those that strike this call. */
  take(call: string): Fault[] {
    const striking: Fault[] = [];
    for (const one of this.#armed) {
      const { at } = one.fault;
      if (call.startsWith(at.call)) one.seen++;
      if (one.seen < at.nth) continue;
      striking.push(one.fault);
      this.struck.push({ fault: one.fault, call });
    }
    if (striking.length > 0) this.#armed = this.#armed.filter(({ fault }) => !striking.includes(fault));
    return striking;
  }

  get isSpent(): boolean {
    return this.#armed.length === 0;
  }

  end(): void {
    this.#armed = [];
  }
}

export function isDyingAfter(faults: readonly Fault[]): boolean {
  return faults.some((fault) => fault.kind === 'crash' && fault.side === 'after');
}

/** `api.getInfo` → `ssl.getInfo`. */
export function nameCommand(call: string): string {
  const name = call.slice('api.'.length);
  const family = name === 'getBalances' || name === 'getPricing' ? 'users' : 'ssl';
  return `${family}.${name === 'revokeCertificate' ? 'revokecertificate' : name}`;
}
