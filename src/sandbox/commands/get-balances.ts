import type { ApiCommand } from '../command.js';
import { element } from '../xml.js';

/** namecheap.users.getBalances: the account's money. */
export const getBalances: ApiCommand = {
  name: 'namecheap.users.getBalances',

  run({ account }) {
    const result = element('UserGetBalancesResult', {
      Currency: 'USD',
      AvailableBalance: account.balance,
      AccountBalance: account.balance,
      EarnedAmount: '0.0000',
      WithdrawableAmount: '0.0000',
      FundsRequiredForAutoRenew: '0.0000',
    });
    return { elements: [result] };
  },

  refuse() {
    return [];
  },
};
