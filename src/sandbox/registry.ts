import type { ApiCommand } from './command.js';
import { activate } from './commands/activate.js';
import { create } from './commands/create.js';
import { editDcvMethod } from './commands/edit-dcv-method.js';
import { getApproverEmailList } from './commands/get-approver-email-list.js';
import { getBalances } from './commands/get-balances.js';
import { getInfo } from './commands/get-info.js';
import { getList } from './commands/get-list.js';
import { getPricing } from './commands/get-pricing.js';
import { parseCsr } from './commands/parse-csr.js';
import { purchaseMoreSans } from './commands/purchase-more-sans.js';
import { reissue } from './commands/reissue.js';
import { renew } from './commands/renew.js';
import { resendApproverEmail } from './commands/resend-approver-email.js';
import { resendFulfillmentEmail } from './commands/resend-fulfillment-email.js';
import { revokeCertificate } from './commands/revoke-certificate.js';

const COMMANDS: readonly ApiCommand[] = [
  activate,
  create,
  editDcvMethod,
  getApproverEmailList,
  getBalances,
  getInfo,
  getList,
  getPricing,
  parseCsr,
  purchaseMoreSans,
  reissue,
  renew,
  resendApproverEmail,
  resendFulfillmentEmail,
  revokeCertificate,
];

/** The command of that full name (`namecheap.ssl.create`), in any case; null when there is none. */
export function findCommand(name: string): ApiCommand | null {
  return COMMANDS.find((command) => command.name.toLowerCase() === name.trim().toLowerCase()) ?? null;
}

/** A harmless command other than the given one. */
export function pickOtherCommand(command: ApiCommand): ApiCommand {
  return command === getBalances ? getList : getBalances;
}
