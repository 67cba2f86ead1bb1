import type { Bought, Step } from './ports.js';
import type { CertificateRecord, Purchase } from './record.js';

/**
 * What the account's books hold under a purchase key. `unsettled`: its lane waits for the outcome. `made`: it was bought.
 * `none`: never begun, or settled as not made.
 */
export type Books = { kind: 'none' } | { kind: 'unsettled' | 'made'; purchase: Purchase };

/** `claimed`: another service owns the certificate. `made`: the books hold another certificate for this purchase, or hold it as made. */
export type DecisionAnswer =
  | { kind: 'done'; record: CertificateRecord }
  | { kind: 'claimed'; owner: string }
  | { kind: 'made'; certificateId: number | null };

/** What a person decided about an account's books, each together with the record in one step. All throw StaleRecordError. */
export interface DecisionStore {
  readBooks(account: string, key: string): Promise<Books>;
  /** The certificate is what the purchase bought: claim, ledger, key and lane are settled. */
  adopt(step: Step, purchase: Purchase, bought: Bought): Promise<DecisionAnswer>;
  /** Nothing was bought under the key: its lane and itself are free, and the balance is no evidence any more. */
  settleNotMade(step: Step, key: string): Promise<DecisionAnswer>;
  /** The service gives up its certificate, and its key may buy again. `stock`: what the certificate is; null: it is dead, and left alone as foreign. */
  giveUp(step: Step, key: string, certificateId: number, stock: StockRow | null): Promise<CertificateRecord>;
}

/** A paid certificate that no order owns. */
export interface StockRow {
  product: string;
  type: string;
  years: number;
  sansToAdd: number;
  /** What paid for it; `by-hand` when a person said so. */
  purchaseId: string;
  /** ISO, since when it is stock; absent where an older version put it there. */
  since?: string | undefined;
}

/** A stock or foreign certificate, as people see it. */
export interface LooseCertificate {
  certificateId: number;
  kind: 'stock' | 'foreign';
  type: string | null;
  years: number | null;
  /** ISO. */
  since: string | null;
  purchaseId: string | null;
}

export type MarkAnswer = { kind: 'marked' } | { kind: 'unchanged' } | { kind: 'claimed'; owner: string };

/** What an account's last complete lists showed of a certificate that no service owns. */
export interface LastListed {
  kind: 'order' | 'renew';
  type: string;
  years: number | null;
}

/** The certificates of an account that no service owns, and a person's word about them. */
export interface StockStore {
  list(account: string): Promise<LooseCertificate[]>;
  readListed(account: string, certificateId: number): Promise<LastListed | null>;
  markForeign(account: string, certificateId: number, at: string): Promise<MarkAnswer>;
  markOurs(account: string, certificateId: number, row: StockRow): Promise<MarkAnswer>;
}
