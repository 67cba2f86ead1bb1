import { FailError } from '../errors.js';
import type { Books, DecisionAnswer, DecisionStore } from './decision-ports.js';
import type { Move } from './decide-moves.js';
import type { Account, AccountWork, Change, Step, Stored } from './ports.js';
import type { CertificateRecord } from './record.js';

/** What a decision is carried out with. */
export interface Deciding extends Omit<AccountWork, 'account'> {
  decisions: DecisionStore;
  openAccount(module: string, subject?: string): Promise<Account>;
}

/** The service as it is stored, with what the account's books hold for what is in flight: both of the same moment. */
export interface Case extends Stored {
  key: string | null;
  books: Books;
}

/** Puts the errand's end into the record that is saved. */
export type Settle = (record: CertificateRecord) => CertificateRecord;

/** What is saved of a move. */
export function composeStep(
  before: CertificateRecord,
  { after, cause, draft }: Move,
  settle: Settle,
  event?: Change['event'],
): Step {
  const changes = { ...(draft === undefined ? {} : { draft }), ...(event === undefined ? {} : { event }) };
  return { before, after: settle(after), change: { cause, ...changes } };
}

/** @throws FailError when the books forbid it. */
export function demandDone(serviceId: string, answer: DecisionAnswer): CertificateRecord {
  switch (answer.kind) {
    case 'done':
      return answer.record;
    case 'claimed':
      throw new FailError(
        `Nothing was changed: this certificate belongs to service ${answer.owner} in our books; compare both with certificate show`,
        'ERR_CLAIMED',
      );
    case 'made': {
      const id = answer.certificateId ?? '(without an id)';
      throw new FailError(
        `Nothing was changed: our books hold certificate ${id} as bought for this purchase of ${serviceId}; adopt that one`,
        'ERR_BOUGHT',
      );
    }
  }
}
