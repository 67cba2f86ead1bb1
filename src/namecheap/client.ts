import type { Namecheap } from './api.js';
import type { Connection } from './exchange.js';
import { createCall, type ClientOptions } from './command.js';
import { checkEndpoint } from './endpoint.js';
import { activate } from './ssl/activate.js';
import { create } from './ssl/create.js';
import { editDcvMethod } from './ssl/edit-dcv-method.js';
import { getApproverEmailList } from './ssl/get-approver-email-list.js';
import { getInfo } from './ssl/get-info.js';
import { getList } from './ssl/get-list.js';
import { parseCsr } from './ssl/parse-csr.js';
import { purchaseMoreSans } from './ssl/purchase-more-sans.js';
import { reissue } from './ssl/reissue.js';
import { renew } from './ssl/renew.js';
import { resendApproverEmail } from './ssl/resend-approver-email.js';
import { resendFulfillmentEmail } from './ssl/resend-fulfillment-email.js';
import { revokeCertificate } from './ssl/revoke-certificate.js';
import { getBalances } from './users/get-balances.js';
import { getPricing } from './users/get-pricing.js';

/**
 * A Namecheap account. `timeoutMs` bounds one exchange, from the name lookup to the last byte. Nothing is sent before
 * the first call, and no call is ever repeated here.
 * @throws InputError when the endpoint is one that the API key must not be sent to.
 */
export function createNamecheap(connection: Connection, options: ClientOptions): Namecheap {
  checkEndpoint(connection.endpoint);
  const call = createCall(connection, options);
  const { endpoint, apiUser, userName, clientIp } = connection;
  return {
    connection: { endpoint, apiUser, userName, clientIp },
    create: (input, callOptions) => create(call, input, callOptions),
    renew: (input, callOptions) => renew(call, input, callOptions),
    purchaseMoreSans: (input, callOptions) => purchaseMoreSans(call, input, callOptions),
    activate: (input, callOptions) => activate(call, input, callOptions),
    reissue: (input, callOptions) => reissue(call, input, callOptions),
    revokeCertificate: (input, callOptions) => revokeCertificate(call, input, callOptions),
    resendApproverEmail: (input, callOptions) => resendApproverEmail(call, input, callOptions),
    resendFulfillmentEmail: (input, callOptions) => resendFulfillmentEmail(call, input, callOptions),
    editDcvMethod: (input, callOptions) => editDcvMethod(call, input, callOptions),
    getInfo: (input, callOptions) => getInfo(call, input, callOptions),
    getList: (input, callOptions) => getList(call, input, callOptions),
    getApproverEmailList: (input, callOptions) => getApproverEmailList(call, input, callOptions),
    parseCsr: (input, callOptions) => parseCsr(call, input, callOptions),
    getBalances: (callOptions) => getBalances(call, callOptions),
    getPricing: (input, callOptions) => getPricing(call, input, callOptions),
  };
}
