import type { AccountEvent, CertificateEventType } from '../events.js';
import type { Namecheap } from '../namecheap/api.js';
import type { Logger } from '../log/logger.js';
import type { OrderPayload } from './order-payload.js';
import type { HistoryEntry, Pem } from './present.js';
import type { GateStore } from './gate-ports.js';
import type { PurchaseWatch } from './watch.js';
import type { CertificateRecord, Money, Purchase, PurchaseKind } from './record.js';

/** One service as the store keeps it. */
export interface Stored {
  record: CertificateRecord;
  /** What the certificate in force was asked for with; while an order is under way, the order. */
  request: OrderPayload;
  /** What the renewal or reissue in flight asks for, where that differs from `request`. */
  draft: OrderPayload | null;
  pem: Pem | null;
}

/** What is saved with a changed record, all of it in one step or not at all. */
export interface Change {
  /** Why, for the history: a short sentence. */
  cause: string;
  /** The event that announces the change, if it does. */
  event?: CertificateEventType;
  pem?: Pem;
  request?: OrderPayload;
  /** Null: there is none any more. */
  draft?: OrderPayload | null;
  /** The change is refused when this lease was lost meanwhile. */
  lease?: string;
}

/** One move of the record: what it was, what it becomes, and what is saved with it. */
export interface Step {
  before: CertificateRecord;
  after: CertificateRecord;
  change: Change;
}

/** An entry of a time index (unfinished services, or those that the scan is to look at); `dueAt` in ms. */
export interface OpenService {
  serviceId: string;
  dueAt: number;
}

/** An errand of the index `errands`, when it is to be rung again, ms. */
export interface WaitingErrand extends OpenService {
  job: string;
  id: string;
}

export type LeaseAnswer = { isHeld: true } | { isHeld: false; remainingMs: number };

/** The durable truth about certificates. Every write is one compare-and-set on the record's version. */
export interface CertificateStore {
  load(serviceId: string): Promise<Stored | null>;
  /** False when the service exists already; then nothing was written. */
  create(record: CertificateRecord, request: OrderPayload, change: Change): Promise<boolean>;
  /** @returns the record with its new version. @throws StaleRecordError when somebody else changed it or holds its lease. */
  save(step: Step): Promise<CertificateRecord>;
  /** Takes or prolongs the right to work on the record. */
  lease(serviceId: string, token: string, durationMs: number): Promise<LeaseAnswer>;
  release(serviceId: string, token: string): Promise<void>;
  readHistory(serviceId: string): Promise<HistoryEntry[]>;
  /** Unfinished services whose next look is due, earliest first. */
  listOpen(now: number, limit: number): Promise<OpenService[]>;
  /** Services that the scan is to look at, earliest first. */
  listDue(now: number, limit: number): Promise<OpenService[]>;
  /** Moves the next look only if it is still the one that was seen: false when somebody else worked on the service meanwhile. */
  claimOpen(seen: OpenService, until: number): Promise<boolean>;
  /** Moves the next look of an unfinished service without touching its record. */
  postpone(serviceId: string, until: number): Promise<void>;
  /** As {@link claimOpen}; null takes the service out of the index. */
  claimDue(seen: OpenService, until: number | null): Promise<boolean>;
  /** Errands that were accepted and not begun, due to be rung again, earliest first. */
  listErrands(now: number, limit: number): Promise<WaitingErrand[]>;
  /** As {@link claimDue}. */
  claimErrand(seen: WaitingErrand, until: number | null): Promise<boolean>;
  /** The errand's job lives and waits: it need not be rung before this. */
  postponeErrand(errand: Omit<WaitingErrand, 'dueAt'>, until: number): Promise<void>;
  /**
   * Moves records that an older rule placed to where the scan is to find them, about `limit` in one call; the next call
   * goes on. Nothing is left to do → one command. @returns how many were moved, and which could not be read.
   */
  placeAnew(limit: number): Promise<{ moved: number; unreadable: string[] }>;
  /** All service ids, in batches. */
  listServiceIds(): AsyncIterable<string[]>;
}

export interface SpendingGuard {
  maxPurchasesPerHour: number | null;
  /** USD in 24 hours. */
  maxSpendPerDay: string | null;
}

export type BeginAnswer =
  /** `unconfirmed`: replicas of Redis that did not confirm the intent in time; the call must not be made then. */
  | { kind: 'begun'; record: CertificateRecord; unconfirmed: number }
  /** `key` and `ageMs` of the purchase that holds the lane. */
  | { kind: 'lane-busy'; key: string; ageMs: number }
  | { kind: 'listing-old' }
  /** Redis was restarted or failed over a moment ago: the books are to be compared first. */
  | { kind: 'gate' }
  | { kind: 'paused'; reason: string; untilMs: number | null }
  | { kind: 'guarded'; limit: 'purchases' | 'spend'; retryInMs: number }
  | { kind: 'bought'; certificateId: number | null };

/** A purchase before it is begun. */
export type Intent = Omit<Purchase, 'begunAt' | 'cleanLooks'>;

/** `moved-on`: the lane no longer held this purchase, the certificate went to ledger and stock; `claimed`: another service owns that id. */
export type SettleAnswer =
  { kind: 'made'; record: CertificateRecord } | { kind: 'moved-on' } | { kind: 'claimed'; owner: string };

/** Who owns a certificate by our books, once all that was written before is on every replica but `unconfirmed` ones. */
export interface ConfirmedOwner {
  owner: string | null;
  unconfirmed: number;
}

export interface Bought {
  certificateId: number;
  type: string;
  orderId: number | null;
  transactionId: number | null;
  /** Null when the certificate was adopted after an unanswered call. */
  charged: Money | null;
}

/** One row of a complete list of NewPurchase certificates. `product` is null when the type is not in our catalogue. */
export interface ListedPurchase {
  certificateId: number;
  product: string | null;
  type: string;
  years: number | null;
  /** The day it was bought, ms at its beginning; give or take a day, for the zone is not told. */
  purchasedAt: number | null;
}

/** A complete list of what was bought and not activated yet. Times in ms, by Redis's clock. */
export interface Listing {
  kind: ListedKind;
  startedAt: number;
  completedAt: number;
  rows: ListedPurchase[];
}
export type ListedKind = Exclude<PurchaseKind, 'names'>;

/** What a listing could not attribute yet: certificates that an unsettled purchase may explain, lowest id first. */
export interface ListingAnswer {
  candidates: ListedPurchase[];
  foreign: number[];
  stock: number[];
}

/** The money side, per account: lanes, claims, stock, foreign ids, ledger. */
export interface PurchaseStore {
  /** What `begin` would say of a pause, without anything to buy; null when none is in force. */
  readPause(account: string): Promise<Extract<BeginAnswer, { kind: 'paused' }> | null>;
  /** Records the intent in lane and record together, only when the lane is empty and the key was never bought. */
  begin(record: CertificateRecord, intent: Intent, lease: string, guard: SpendingGuard): Promise<BeginAnswer>;
  /** Whether the lane still holds this purchase, and the age of the intent by Redis's clock, ms. */
  check(account: string, purchase: Purchase): Promise<{ isHeld: boolean; ageMs: number }>;
  /** Claims the bought certificate, writes the ledger, frees the lane, saves the record. @throws StaleRecordError. */
  settleMade(step: Step, purchase: Purchase, bought: Bought): Promise<SettleAnswer>;
  /** Frees the lane. `isConcluded`: by looking, not by Namecheap's word; then a late certificate becomes stock. */
  settleNotMade(step: Step, purchase: Purchase, isConcluded: boolean): Promise<CertificateRecord>;
  /** Saves the step and claims the certificates for its service: a reissue brings a new id. @throws StaleRecordError. */
  saveClaimed(step: Step, ...certificateIds: [number, ...number[]]): Promise<SettleAnswer>;
  /** Gives a paid, unowned certificate to the record instead of buying. Null when there is none. */
  takeStock(record: CertificateRecord, intent: Intent, lease: string): Promise<CertificateRecord | null>;
  readOwner(account: string, certificateId: number): Promise<string | null>;
  /** As {@link readOwner}, after the replicas of Redis have had a moment to confirm what was recorded. */
  confirmOwner(account: string, certificateId: number): Promise<ConfirmedOwner>;
  /** A certificate that one of our purchases paid for and no order owns; with its ledger entry. Nothing when it is claimed, or the lane does not hold the purchase any more. */
  addStock(account: string, bought: Bought, purchase: Purchase): Promise<void>;
}

export type LockPurpose = 'list' | 'collect' | 'survey' | 'guard';

/** What Namecheap last showed of an account: its bought certificates and its balance. */
export interface ListingStore {
  /** One worker at a time per account and purpose; `guard`: what is announced once while it lasts. */
  lock(account: string, purpose: LockPurpose, token: string, durationMs: number): Promise<boolean>;
  unlock(account: string, purpose: LockPurpose, token: string): Promise<void>;
  /** Redis's clock, ms. */
  readClock(): Promise<number>;
  /** Sorts the ids of a complete listing into claimed, stock, foreign and undecided. */
  saveListing(account: string, module: string, listing: Listing): Promise<ListingAnswer>;
  /** The last balance seen while nothing was unsettled, and what was charged since. */
  readBalance(account: string): Promise<{ amount: string; at: number; chargedSince: string } | null>;
  saveBalance(account: string, amount: string, at: number): Promise<void>;
}

/** `worker`: only the calls of this worker, whose address is not allow-listed; others may go on. */
export type PauseScope = 'all' | 'purchases' | 'worker';

/** The account as the lifecycle uses it: its API, its limits, its brakes. */
export interface Account {
  id: string;
  module: string;
  api: Namecheap;
  guard: SpendingGuard;
  /** Whether quota and pauses would let a charged call through now; takes nothing. @throws WaitError when not. */
  lookPurchase(): Promise<void>;
  /** Takes the quota for one charged call. @throws WaitError when the quota or a pause forbids it. */
  admitPurchase(): Promise<void>;
  /** Calls that the quota of the hour and the day still allows; Infinity without limits. */
  readCallsLeft(): Promise<number>;
  /** Null, or why no purchase may be made through this Redis now (it would lose an intent on a crash). Read anew each time. */
  readRefusal(): Promise<string | null>;
  /** Stops the account's calls or only its purchases, for `durationMs` or until somebody resumes it (null). */
  pause(scope: PauseScope, reason: string, durationMs: number | null): Promise<void>;
}

/** Durations, ms. */
export interface LifecycleSettings {
  leaseMs: number;
  settleTimeMs: number;
  collectEveryMs: number;
  reissueBeforeMs: number | null;
  reissueSpreadMs: number | null;
}

/** Work before it is bound to one record. */
export type AccountWork = Omit<Work, 'keepLease'>;

/** Everything that a step of the lifecycle is handed. */
export interface Work {
  account: Account;
  certificates: CertificateStore;
  purchases: PurchaseStore;
  listings: ListingStore;
  gates: GateStore;
  settings: LifecycleSettings;
  signal: AbortSignal;
  /** This run's lease token. */
  lease: string;
  /** Prolongs the lease on the record that is worked on, before another call. @throws StaleRecordError when it was lost. */
  keepLease(): Promise<void>;
  now(): number;
  /** Monotonic, ms: for the five seconds between intent and call, and for how long an unanswered one was watched. */
  monotonic(): number;
  /** Of this process, for all its jobs. */
  watch: PurchaseWatch;
  createId(): string;
  /** 0 to 1, for jitter. */
  random(): number;
  sleep(ms: number): Promise<void>;
  log: Logger;
  report(step: string): Promise<void>;
  announce(event: Omit<AccountEvent, 'id' | 'at'>): Promise<void>;
}
