import { Big } from 'big.js';
import type { Account, AccountWork } from '../certificates/ports.js';
import type { ConnectionSuccess } from './test-result.js';

export interface BalanceReading {
  balance: ConnectionSuccess['balance'];
  /** The module's parameter, USD; null for no warning. */
  lowBalance: string | null;
  /** Others spend from it too: no evidence for anything. */
  isShared: boolean;
  /** Redis's clock before the call, ms: a charge made meanwhile then counts as made after the balance was seen. */
  readAt: number;
}

/** Keeps a balance that was read, as evidence for unanswered purchases, and announces one below the module's mark. */
export async function noteBalance(
  { listings, announce }: Pick<AccountWork, 'listings' | 'announce'>,
  { id, module }: Pick<Account, 'id' | 'module'>,
  { balance, lowBalance, isShared, readAt }: BalanceReading,
): Promise<void> {
  if (!isShared) await listings.saveBalance(id, balance.amount, readAt);
  if (lowBalance === null || !new Big(balance.amount).lt(lowBalance)) return;
  await announce({
    type: 'module.low-balance',
    serviceId: null,
    module,
    data: { balance, lowBalance },
  });
}
