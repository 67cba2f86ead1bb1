import type { CertificateInfo, ListPage } from '../namecheap/api.js';
import type { ImportResult, Outcome } from './import-result.js';
import type { OrderPayload } from './order-payload.js';
import type { AccountWork, Change } from './ports.js';
import type { CertificateRecord } from './record.js';

/** `busy`: another worker, or another import, has the account. `differs`: the id was used for another map. */
export type TakeAnswer =
  | { kind: 'taken' }
  | { kind: 'busy'; delayMs: number }
  | { kind: 'finished'; result: ImportResult }
  | { kind: 'differs' };

/** What decides how the import goes on, from its first step to its last. */
export interface ImportPlan {
  /** When the list was begun, ms. */
  listedAt: number;
  /** Certificates that nobody owns get a record: the inventory is lost, or was never there. */
  isRebuild: boolean;
  /** What was bought and not activated was sorted into stock and foreign. */
  isSorted: boolean;
  /** The Redis on which the books are compared with the list, and when that began by its clock, ms. */
  comparison?: { server: string; startedAt: number } | undefined;
}

/** How far an import has come: list pages, answers of chains that are not settled, and what became of those that are. */
export interface ImportProgress {
  plan: ImportPlan | null;
  pages: Map<number, ListPage>;
  infos: Map<number, CertificateInfo>;
  outcomes: Map<string, Outcome[]>;
}

/** What is written together; null removes it. */
export interface ProgressChange {
  plan?: ImportPlan;
  pages?: ReadonlyMap<number, ListPage | null>;
  infos?: ReadonlyMap<number, CertificateInfo | null>;
  outcomes?: ReadonlyMap<string, Outcome[]>;
}

/** Durable progress, one import per account at a time. */
export interface ImportStore {
  /**
   * Begins an import, or goes on with it; one that nobody takes up any more makes room for another.
   * @param subject what it is about: an import of the same subject is continued under whatever id
   */
  take(
    account: string,
    run: { id: string; subject: string },
    token: string,
    holdMs: number,
  ): Promise<TakeAnswer>;
  load(account: string): Promise<ImportProgress>;
  /** Also prolongs the hold. @throws WaitError when somebody else holds the import. */
  save(account: string, token: string, holdMs: number, change: ProgressChange): Promise<void>;
  /** Lets go; it will be taken up again in about so long. */
  rest(account: string, token: string, delayMs: number): Promise<void>;
  /** The result is kept for a late repeat; the rest is dropped. @throws as {@link save}. */
  finish(account: string, token: string, result: ImportResult): Promise<void>;
}

/** A record that comes in with the ids of its chain. */
export interface Newcomer {
  record: CertificateRecord;
  request: OrderPayload;
  change: Change;
}

export type CreateAnswer =
  | { kind: 'created' }
  | { kind: 'exists' }
  | { kind: 'claimed'; owner: string }
  /** The record that is to be moved changed, or somebody works on it. */
  | { kind: 'stale' };

/** Whose certificates are, as the books have it. */
export interface Standing {
  /** Certificate id → service id. */
  owners: Map<number, string>;
  stock: Set<number>;
  foreign: Set<number>;
}

export interface InventoryStore {
  readStanding(account: string): Promise<Standing>;
  /** Creates the record and claims its whole chain in one step. `former`: the failed order whose place it takes, see findFailedOrder. */
  create(newcomer: Newcomer, former: CertificateRecord | null): Promise<CreateAnswer>;
  /** The record goes on under another service id, with its history and its certificates; the old one vanishes. `former` as in {@link create}. */
  move(from: CertificateRecord, newcomer: Newcomer, former: CertificateRecord | null): Promise<CreateAnswer>;
  /** Remembers a certificate that is none of ours and announces it, once. Nothing when it is known. */
  markForeign(
    account: string,
    module: string,
    certificate: { certificateId: number; type: string; years: number | null },
  ): Promise<void>;
}

/** What an import is handed. */
export interface ImportWork extends AccountWork {
  imports: ImportStore;
  inventory: InventoryStore;
}
