import type { Call } from '../../src/namecheap/command.js';
import type { CommandKind } from '../../src/namecheap/exchange.js';
import { activate } from '../../src/namecheap/ssl/activate.js';
import { create } from '../../src/namecheap/ssl/create.js';
import { editDcvMethod } from '../../src/namecheap/ssl/edit-dcv-method.js';
import { getApproverEmailList } from '../../src/namecheap/ssl/get-approver-email-list.js';
import { getInfo } from '../../src/namecheap/ssl/get-info.js';
import { getList } from '../../src/namecheap/ssl/get-list.js';
import { parseCsr } from '../../src/namecheap/ssl/parse-csr.js';
import { purchaseMoreSans } from '../../src/namecheap/ssl/purchase-more-sans.js';
import { reissue } from '../../src/namecheap/ssl/reissue.js';
import { renew } from '../../src/namecheap/ssl/renew.js';
import { resendApproverEmail } from '../../src/namecheap/ssl/resend-approver-email.js';
import { resendFulfillmentEmail } from '../../src/namecheap/ssl/resend-fulfillment-email.js';
import { revokeCertificate } from '../../src/namecheap/ssl/revoke-certificate.js';
import { getBalances } from '../../src/namecheap/users/get-balances.js';
import { getPricing } from '../../src/namecheap/users/get-pricing.js';
import { CSR, NAMED } from './acts.js';

/** A command of the API with input that it accepts. */
export interface Command {
  command: string;
  kind: CommandKind;
  run(call: Call): Promise<unknown>;
}

const submission = {
  certificateId: NAMED,
  csr: CSR,
  dcv: [
    { domain: 'cranberry.example', method: 'dns' as const },
    { domain: 'files.cranberry.example', method: 'http' as const },
  ],
};
const certificate = { certificateId: NAMED };

/** Every command that the client knows. */
export const COMMANDS: Command[] = [
  describe('ssl.create', 'charge', (call) => create(call, { type: 'PositiveSSL', years: 1, sansToAdd: 2 })),
  describe('ssl.renew', 'charge', (call) => renew(call, { ...certificate, type: 'PositiveSSL', years: 2 })),
  describe('ssl.purchasemoresans', 'charge', (call) =>
    purchaseMoreSans(call, { ...certificate, sansToAdd: 4 }),
  ),
  describe('ssl.activate', 'submit', (call) => activate(call, submission)),
  describe('ssl.reissue', 'submit', (call) => reissue(call, submission)),
  describe('ssl.editDCVMethod', 'submit', (call) =>
    editDcvMethod(call, { ...certificate, dcv: submission.dcv, isMultiDomain: true }),
  ),
  describe('ssl.revokecertificate', 'submit', (call) =>
    revokeCertificate(call, { ...certificate, type: 'Standard SSL' }),
  ),
  describe('ssl.resendApproverEmail', 'submit', (call) => resendApproverEmail(call, certificate)),
  describe('ssl.resendfulfillmentemail', 'submit', (call) => resendFulfillmentEmail(call, certificate)),
  describe('ssl.getInfo', 'read', (call) => getInfo(call, { ...certificate, withCertificate: true })),
  describe('ssl.getList', 'read', (call) => getList(call, { listType: 'ALL' })),
  describe('ssl.getApproverEmailList', 'read', (call) =>
    getApproverEmailList(call, { domain: 'cranberry.example', type: 'PositiveSSL' }),
  ),
  describe('ssl.parseCSR', 'read', (call) => parseCsr(call, { csr: CSR })),
  describe('users.getBalances', 'read', (call) => getBalances(call)),
  describe('users.getPricing', 'read', (call) => getPricing(call, { action: 'PURCHASE' })),
];

function describe(name: string, kind: CommandKind, run: Command['run']): Command {
  return { command: `namecheap.${name}`, kind, run };
}
