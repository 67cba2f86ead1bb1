import type { Connection } from './exchange.js';

export interface CallOptions {
  signal?: AbortSignal;
}

/** Money as Namecheap writes it, a decimal string such as `44.4000`. */
export type Amount = string;

export interface CreateInput {
  type: string;
  years: number;
  sansToAdd?: number;
  promotionCode?: string;
}
export interface CreateResult {
  certificateId: number;
  orderId: number;
  transactionId: number;
  chargedAmount: Amount;
  /** What was really sold: Namecheap replaces deprecated types. */
  type: string;
  years: number;
}

/** `type` is what the certificate is already (error 2012301 otherwise); it keeps its number of names. */
export interface RenewInput extends Omit<CreateInput, 'sansToAdd'> {
  /** The certificate whose paid term is extended. */
  certificateId: number;
}
/** `certificateId` is the new certificate, in status `newrenewal`: it has to be activated. */
export type RenewResult = CreateResult;

export interface PurchaseMoreSansInput {
  certificateId: number;
  /** How many names to add to what was bought before, 1 to 97. */
  sansToAdd: number;
}
/** `certificateId` is the certificate that was extended. */
export interface PurchaseMoreSansResult extends CreateResult {
  /** As Namecheap counts names after the purchase, or null when not told. */
  sansCount: number | null;
}

export type DcvMethod = 'email' | 'http' | 'dns';
export interface DcvChoice {
  domain: string;
  method: DcvMethod;
  /** Only with `email`. */
  approverEmail?: string;
}

/** What a person must publish so that the CA validates a name. Values are opaque: stored, never computed. */
export type ValidationInstruction =
  | { domain: string; method: 'dns'; host: string; target: string }
  | { domain: string; method: 'http'; url: string; content: string }
  | { domain: string; method: 'email'; approverEmail: string };

export interface ActivateInput {
  certificateId: number;
  csr: string;
  /** The common name first, then one entry per additional name. */
  dcv: readonly DcvChoice[];
  webServerType?: string;
  adminEmail?: string;
  /** Further documented parameters (OV/EV organisation and contacts), under the API's own names. */
  extra?: Readonly<Record<string, string>>;
}
export interface ActivateResult {
  certificateId: number;
  validation: ValidationInstruction[];
}

/** `certificateId` is the certificate to be replaced. `adminEmail` cannot differ from the first activation's. */
export type ReissueInput = ActivateInput;
/** `certificateId` is the new certificate, which replaces the one that was named. */
export type ReissueResult = ActivateResult;

export interface RevokeCertificateResult {
  /** What Namecheap adds in words, or null. */
  description: string | null;
}

export interface EditDcvInput {
  certificateId: number;
  dcv: readonly DcvChoice[];
  /** Multi-domain products name every domain. */
  isMultiDomain: boolean;
}

export interface EditDcvResult {
  /** What must be published, as far as it is told. */
  validation: ValidationInstruction[];
  /** Names whose method was not set; the former one stays. */
  missed: string[];
}

export interface CertificateInfo {
  certificateId: number;
  /** Lower case: newpurchase, newrenewal, purchased, active, replaced, purchaseerror, cancelled, expired, or an unknown word. */
  status: string;
  statusDescription: string;
  type: string;
  years: number | null;
  orderId: number | null;
  /** The next id of the chain, or null. */
  replacedBy: number | null;
  /** Names that may be used besides the common name, or null when not told. */
  sansCount: number | null;
  csr: string | null;
  commonName: string | null;
  approverEmail: string | null;
  /** PEM, leaf then intermediates; null unless asked for and returned. */
  certificate: string | null;
  chain: string[];
}

/** A list filter of ssl.getList. */
export type ListType =
  | 'ALL'
  | 'Processing'
  | 'EmailSent'
  | 'TechnicalProblem'
  | 'InProgress'
  | 'Completed'
  | 'Deactivated'
  | 'Active'
  | 'Cancelled'
  | 'NewPurchase'
  | 'NewRenewal';
export interface ListInput {
  listType: ListType;
  /** From 1. */
  page?: number;
  /** 10 to 100. */
  pageSize?: number;
  sortBy?: string;
  searchTerm?: string;
}
export interface ListRow {
  certificateId: number;
  hostName: string;
  type: string;
  status: string;
  years: number | null;
  providerOrderId: string | null;
  /** As ISO dates (`2026-11-22`), or null. Namecheap gives days only, in its own zone: plus or minus a day. */
  purchaseDate: string | null;
  expireDate: string | null;
}
export interface ListPage {
  rows: ListRow[];
  totalItems: number;
  currentPage: number;
  pageSize: number;
}

export interface ApproverEmails {
  domain: string;
  domainEmails: string[];
  genericEmails: string[];
  manualEmails: string[];
}

export interface ParsedCsr {
  commonName: string;
  domainName: string;
  organisation: string;
  organisationUnit: string;
  locality: string;
  state: string;
  country: string;
  email: string;
  isValidTrueDomain: boolean;
}

export interface Balances {
  currency: string;
  availableBalance: Amount;
  accountBalance: Amount;
  fundsRequiredForAutoRenew: Amount;
}

export interface Price {
  product: string;
  category: string;
  action: string;
  years: number;
  /** The final price as it is listed: for one year or for all, see `total`. */
  price: Amount;
  /** For all years together, four decimals; null when the list does not say what its price is for. */
  total: Amount | null;
  regularPrice: Amount;
  yourPrice: Amount;
  currency: string | null;
}

/** The Namecheap account as the rest of the code sees it: one typed method per API command. */
export interface Namecheap {
  readonly connection: Omit<Connection, 'apiKey'>;
  create(input: CreateInput, options?: CallOptions): Promise<CreateResult>;
  renew(input: RenewInput, options?: CallOptions): Promise<RenewResult>;
  purchaseMoreSans(input: PurchaseMoreSansInput, options?: CallOptions): Promise<PurchaseMoreSansResult>;
  activate(input: ActivateInput, options?: CallOptions): Promise<ActivateResult>;
  reissue(input: ReissueInput, options?: CallOptions): Promise<ReissueResult>;
  revokeCertificate(
    input: { certificateId: number; type: string },
    options?: CallOptions,
  ): Promise<RevokeCertificateResult>;
  resendApproverEmail(input: { certificateId: number }, options?: CallOptions): Promise<void>;
  resendFulfillmentEmail(input: { certificateId: number }, options?: CallOptions): Promise<void>;
  editDcvMethod(input: EditDcvInput, options?: CallOptions): Promise<EditDcvResult>;
  getInfo(
    input: { certificateId: number; withCertificate?: boolean },
    options?: CallOptions,
  ): Promise<CertificateInfo>;
  getList(input: ListInput, options?: CallOptions): Promise<ListPage>;
  getApproverEmailList(
    input: { domain: string; type: string },
    options?: CallOptions,
  ): Promise<ApproverEmails>;
  parseCsr(input: { csr: string; type?: string }, options?: CallOptions): Promise<ParsedCsr>;
  getBalances(options?: CallOptions): Promise<Balances>;
  getPricing(
    input: { productName?: string; action?: 'PURCHASE' | 'RENEW' },
    options?: CallOptions,
  ): Promise<Price[]>;
}
