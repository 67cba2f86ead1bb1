import { z } from 'zod';
import type { Balances, CallOptions } from '../api.js';
import type { Call } from '../command.js';
import { amount, element, text } from '../fields.js';

const COMMAND = 'namecheap.users.getBalances';

const resultSchema = element({
  usergetbalancesresult: element({
    '@currency': text.pipe(z.string().min(1)),
    '@availablebalance': amount,
    '@accountbalance': amount,
    '@fundsrequiredforautorenew': amount,
  }),
});

/** The account's balances; purchases draw on the available one. Also the natural test of a connection. @throws NamecheapError. */
export async function getBalances(call: Call, options?: CallOptions): Promise<Balances> {
  const response = await call(
    { command: COMMAND, kind: 'read', parameters: {}, result: resultSchema },
    options,
  );
  const told = response.usergetbalancesresult;
  return {
    currency: told['@currency'],
    availableBalance: told['@availablebalance'],
    accountBalance: told['@accountbalance'],
    fundsRequiredForAutoRenew: told['@fundsrequiredforautorenew'],
  };
}
