/**
 * Whether purchases of an account may be made: the books must be those of the Redis that they were last compared with
 * Namecheap on. `unread`: they are to be compared now; `since` is when that was last done (null: never), `isLoss` whether
 * there were books before. `undecided`: bought, not activated, and nobody knows by whom. `empty`: there are no books
 * where books are promised.
 */
export type GateState =
  | {
      kind: 'open';
      /** Data may have been lost before: what Namecheap counts goes before what the books say. */
      hasLost: boolean;
      /** When the account's list was last read, ms; null: never. */
      since: number | null;
      /** A live certificate for the common name that no service owns, or that waits for its service. */
      twin: Twin | null;
    }
  | { kind: 'unread'; since: number | null; isLoss: boolean }
  | { kind: 'undecided'; certificateIds: number[]; twin: Twin | null }
  | { kind: 'empty' };

/** `keptAs`: the placeholder that keeps it since an import; null where no record does. */
export interface Twin {
  certificateId: number;
  keptAs: string | null;
}

/** A row of the account's list as the books need it. `endsAt` in ms; null where it is not told. */
export interface SurveyRow {
  certificateId: number;
  /** In lower case; empty where it is not told. */
  commonName: string;
  state: 'live' | 'unused' | 'gone';
  endsAt: number | null;
}

/** How far a survey of the list has come; `server` is the Redis on which it was begun. Times in ms, by Redis's clock. */
export interface SurveyProgress {
  server: string;
  startedAt: number;
  nextPage: number;
}

/** What the books of each account rest on: see docs/data-loss.md. */
export interface GateStore {
  /** Looks, and opens a gate before which nothing is left to decide. */
  look(account: string, commonName: string, serviceId: string): Promise<GateState>;
  /** What waits for a person, without changing anything; null: nothing does. */
  peek(account: string): Promise<Extract<GateState, { kind: 'undecided' | 'empty' }> | null>;
  /** What our books call stock: paid for, and owned by no service. */
  listStock(account: string): Promise<number[]>;
  /** The Redis that answers now. */
  readServer(): Promise<string>;
  readProgress(account: string): Promise<SurveyProgress | null>;
  /** Notes rows of the list: whose names are live at Namecheap, and what of the stock was used. */
  noteRows(
    account: string,
    module: string,
    rows: readonly SurveyRow[],
    progress: SurveyProgress | null,
  ): Promise<void>;
  /**
   * The list was read, back to the last time. `isByPerson`: somebody asked for it, which an emptied database needs.
   * Nothing when another Redis answers by now, for nothing can be told from it then: look again.
   */
  finish(account: string, survey: { server: string; startedAt: number; isByPerson: boolean }): Promise<void>;
  /** Has Redis write its append-only file anew, where it may: see docs/data-loss.md. */
  rewriteLog(): Promise<void>;
  /** True when this was not told of the account before. `text` says what it is about. */
  noteTold(account: string, text: string): Promise<boolean>;
}
