/** Where the books have a certificate. A sound one is in exactly one place. */
export type Place = 'owned' | 'stock' | 'foreign' | 'nowhere';

/** A purchase key with everything that must fit it, read in one step. */
export interface PurchaseSeen {
  key: string;
  /** Null when the stored purchase cannot be read. */
  serviceId: string | null;
  certificateId: number | null;
  /** Whether its lane holds it: it is not settled yet. */
  isHeld: boolean;
  place: Place;
  /** The ledger entry that it was settled with; null for what was taken from stock, or settled by an older version. */
  ledgerId: string | null;
  /** Whether that entry is in the ledger, for this very purchase. */
  hasEntry: boolean;
}

/** A lane and what it waits for; the texts are empty where that cannot be read. */
export interface HeldLane {
  lane: string;
  key: string;
  purchaseId: string;
  serviceId: string;
  /** Whether its purchase is the one under its key. */
  isKeyed: boolean;
}

/** An entry of the ledger with everything that must fit it, read in one step. */
export interface EntrySeen {
  /** Transaction id, or `adopted-…`. */
  ledgerId: string;
  /** Null when the stored entry cannot be read. */
  certificateId: number | null;
  serviceId: string;
  transactionId: number | null;
  /** USD; null when it is not known what was charged. */
  amount: string | null;
  /** When it was written, by the clock of the worker, ms. */
  at: number;
  place: Place;
  /** Under which name the charge stood in the ledger while it was adopted and not answered yet, and since when, ms. */
  adoptedAs: string | null;
  adoptedAt: number | null;
  /** The ledger entry that the same purchase, or the same certificate, was settled with, if it is another one. */
  rival: string | null;
}

/** A certificate and every place in the books that has it. */
export interface Placed {
  certificateId: number;
  /** The service that owns it. */
  owner: string | null;
  isStock: boolean;
  /** ISO 8601, since when it counts as foreign. */
  foreignSince: string | null;
}

/** What belongs to a verdict: differences that are not found any more are forgotten only where it was reached. */
export type AuditPart = 'books' | 'ledger' | 'lists' | 'money';

/** Something that does not add up. `id` is the same as long as it is the same difference; `text` says what a person does. */
export interface Difference {
  id: string;
  part: AuditPart;
  text: string;
}

export interface StoredDifference extends Difference {
  /** ISO 8601. */
  since: string;
  /** ISO 8601, when a person accepted it with `module resume`; null while purchases stand still because of it. */
  acceptedAt: string | null;
}

/** The balance that the next audit starts from, and what was in the books when it was read. */
export interface Baseline {
  amount: string;
  currency: string;
  /** Redis's clock before the call, ms. */
  readAt: number;
  /** Ledger entries of the last day that this balance has paid for. */
  ledger: string[];
  /** Certificates known as foreign for less than a day before it. */
  foreign: string[];
}

/** What one audit leaves for the next. Times in ms. */
export interface AuditState {
  /** When the last audit ended; null: none did. */
  at: number | null;
  dueAt: number;
  /** Audits in a row that reached no full verdict. */
  tries: number;
  baseline: Baseline | null;
  /** Certificates of the stock that Namecheap did not list, since when. */
  missing: Record<string, number>;
}

export interface AuditEnd {
  account: string;
  module: string;
  /** The state that the audit began with. */
  version: number;
  state: AuditState;
  found: Difference[];
  /** Of these parts everything that is wrong was found. */
  judged: AuditPart[];
}

/** What an audit reads of the books and writes. Reads go in batches; each row is consistent in itself. */
export interface AuditStore {
  /** Null when the account was never seen. `version` counts the audits. */
  load(account: string): Promise<{ version: number; state: AuditState } | null>;
  /** Makes an account known, to be audited at `dueAt`. Nothing when it is known. */
  register(account: string, dueAt: number): Promise<void>;
  readPurchases(account: string): AsyncIterable<PurchaseSeen[]>;
  listLanes(account: string): Promise<HeldLane[]>;
  readEntries(account: string): AsyncIterable<EntrySeen[]>;
  /** Everything that is in stock or foreign. */
  readLoose(account: string): AsyncIterable<Placed[]>;
  /** The ids of the stock. */
  listStock(account: string): Promise<number[]>;
  locate(account: string, certificateIds: readonly number[]): Promise<Placed[]>;
  /** Unsettled purchases, keys, entries of the ledger. */
  count(account: string): Promise<{ unsettled: number; purchases: number; ledger: number }>;
  /**
   * Keeps state and differences, announces those that are new (`account.audit-failed`) and stops the purchases of the
   * account: all in one step. @returns every difference that is known; null when another audit ended meanwhile.
   */
  finish(end: AuditEnd): Promise<{ known: StoredDifference[]; fresh: string[] } | null>;
  /** Ends every pause of the account and accepts what is different. @returns what was accepted just now. */
  accept(account: string): Promise<Difference[]>;
  listDifferences(account: string): Promise<StoredDifference[]>;
}
