import type { z } from 'zod';
import type { CommandContext } from './command.js';
import type { FaultBoard } from './fault-board.js';
import { InputError } from '../errors.js';

/** Thrown for a bad body or one that does not fit the account's state; answered with HTTP 400. */
export class AdminError extends InputError {
  constructor(...faults: string[]) {
    super(faults, 'The request', 'ERR_SANDBOX_ADMIN');
  }
}

/** What commands share, and the faults. */
export interface AdminParts extends Omit<CommandContext, 'isRejectedByCa' | 'isByHand'> {
  faults: FaultBoard;
}

export type Route = (parts: AdminParts, body: unknown) => object | Promise<object>;

/** @throws AdminError with every fault of the body */
export function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new AdminError(
    ...result.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': ')),
  );
}
