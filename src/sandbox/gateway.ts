import type { ApiCommand, CommandContext } from './command.js';
import { authenticate, type Credentials } from './credentials.js';
import { deliverFault, deliverThrottled, deliverXml, type Delivery } from './delivery.js';
import { writeEnvelope } from './envelope.js';
import { distort, execute, refuse, refuseCall, type Execution } from './execution.js';
import type { FaultBoard } from './fault-board.js';
import { isActing, type FaultRule } from './faults.js';
import type { RateLimits } from './limits.js';
import type { Parameters } from './parameters.js';
import { Refusal, type ApiFault } from './refusal.js';
import { findCommand } from './registry.js';

export interface ApiRequest {
  method: 'GET' | 'POST';
  parameters: Parameters;
}

/** `delayMs`: how long the delivery is to be held back, ms of real time. */
export interface Outcome {
  delivery: Delivery;
  delayMs: number;
}

const SLOW_MS = 1000;
const TOO_MANY: ApiFault = { number: 500000, text: 'Too many requests' };

/** How calls beyond the limits are answered: HTTP 405, or the error 500000 of former years. */
export const LIMIT_ANSWERS = ['405', '500000'] as const;
export type LimitAnswer = (typeof LIMIT_ANSWERS)[number];

function deliverLimit(answer: LimitAnswer): Delivery {
  if (answer === '405') return deliverThrottled();
  return deliverXml(writeEnvelope({ ...refuseCall([TOO_MANY]), executionTime: '0' }));
}

/** Whether the error is one of the global list, found before the command was looked at. */
function isGlobal({ number }: ApiFault): boolean {
  return number >= 1_000_000 && number < 2_000_000;
}

/** One API call from its parameters to its delivery: credentials, then limits, then faults, then the command. */
export class Gateway {
  constructor(
    private readonly context: Omit<CommandContext, 'isRejectedByCa' | 'isByHand'>,
    private readonly credentials: Credentials,
    private readonly limits: RateLimits,
    private readonly faults: FaultBoard,
    private readonly limitAnswer: LimitAnswer,
  ) {}

  async receive({ method, parameters }: ApiRequest): Promise<Outcome> {
    const startedAt = performance.now();
    const command = findCommand(parameters.get('Command') ?? '');
    const refused = this.#admit(parameters, command);
    if (refused === 'throttled') {
      this.#record(command, refused, null);
      return { delivery: deliverLimit(this.limitAnswer), delayMs: 0 };
    }
    if (refused !== null || command === null) {
      const execution = refuseCall(refused ?? []);
      this.#record(command, 'ERROR', execution);
      return { delivery: deliverXml(writeEnvelope({ ...execution, executionTime: '0' })), delayMs: 0 };
    }
    const rule = this.faults.take(command);
    const execution = await this.#run(command, { method, parameters }, rule);
    this.#record(command, rule?.fault ?? (execution.faults.length === 0 ? 'OK' : 'ERROR'), execution);
    const executionTime = ((performance.now() - startedAt) / 1000).toFixed(3);
    const xml = writeEnvelope({ ...execution, executionTime });
    if (rule === null) return { delivery: deliverXml(xml), delayMs: 0 };
    const delayMs = rule.delayMs ?? (rule.fault === 'slow' ? SLOW_MS : 0);
    return { delivery: deliverFault(rule, xml), delayMs };
  }

  /** Null when the call may go on; else its errors. Calls with wrong credentials do not use up the account's limits. */
  #admit(parameters: Parameters, command: ApiCommand | null): readonly ApiFault[] | 'throttled' | null {
    try {
      authenticate(this.credentials, parameters);
    } catch (error) {
      if (error instanceof Refusal) return error.faults;
      throw error;
    }
    if (!this.limits.admit(this.context.clock.now())) return 'throttled';
    if (command !== null) return null;
    const isMissing = parameters.get('Command') === null;
    return [{ number: 1010104, text: `Parameter Command is ${isMissing ? 'Missing' : 'Invalid'}` }];
  }

  async #run(command: ApiCommand, request: ApiRequest, rule: FaultRule | null): Promise<Execution> {
    const { parameters, method } = request;
    if (rule !== null && !isActing(rule)) {
      if (rule.fault === 'throttle-500000') return refuseCall([TOO_MANY]);
      const faults = rule.error === undefined ? [] : [rule.error].flat();
      return faults.some(isGlobal) ? refuseCall(faults) : refuse(command, parameters, faults);
    }
    if (command.isPostOnly === true && method !== 'POST') {
      return refuse(command, parameters, [
        { number: 5050900, text: `${command.name} takes POST requests only` },
      ]);
    }
    const context = { ...this.context, isRejectedByCa: rule?.fault === 'purchaseerror', isByHand: false };
    const execution = await execute(command, context, parameters);
    return rule === null ? execution : distort(rule, command, context, execution);
  }

  #record(command: ApiCommand | null, outcome: string, execution: Execution | null): void {
    this.context.account.calls.push({
      at: this.context.clock.now(),
      // Never the text that was sent: a mixed-up request may carry the key there.
      command: command?.name ?? 'unknown',
      outcome,
      numbers: execution?.faults.map((fault) => fault.number) ?? [],
      certificateId: execution?.certificateId ?? null,
    });
  }
}
