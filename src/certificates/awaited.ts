import { listAgenda, type Task } from './agenda.js';
import { describePending } from './pending.js';
import { isUnfinished, readStage, type CertificateRecord } from './record.js';

/** Why a service stands where it stands. Times ISO. */
export interface AwaitedView {
  /** What is awaited, and what a person can do. */
  sentence: string;
  since: string | null;
  /** When the system looks at it next; null when it does not. */
  nextLookAt: string | null;
}

const TASKS: Readonly<Record<Task, string>> = {
  reissue: 'its reissue',
  emergency: 'the alarm for a missing reissue',
  expiring: 'the notice that the paid term ends',
  expired: 'its end',
  gap: 'the alarm for a gap',
};

/** What is awaited, since when, when it is looked at next and what a person can do; null where nothing will happen any more. */
export function describeAwaited(record: CertificateRecord): AwaitedView | null {
  const stage = readStage(record);
  const [first] = listAgenda(record).sort((a, b) => a.at - b.at);
  const lookAt = isUnfinished(stage) ? record.nextActionAt : (first?.at ?? null);
  const nextLookAt = lookAt === null ? null : new Date(lookAt).toISOString();
  const isNothing = record.operation === null && ['issued', 'expired'].includes(stage);
  const sentence = isNothing ? describeNext(first?.task) : describeStage(record);
  if (sentence === null) return null;
  return { sentence, since: record.operation?.since ?? record.issuedAt, nextLookAt };
}

function describeNext(task: Task | undefined): string | null {
  return task === undefined ? null : `Nothing is in flight; what comes next is ${TASKS[task]}.`;
}

function describeStage(record: CertificateRecord): string | null {
  const { serviceId } = record;
  const job = record.operation?.job ?? 'order';
  const nothing = 'Nothing is to be done, as long as workers run (pmnamecheap status).';
  switch (readStage(record)) {
    case 'accepted':
      return `A worker has to take up the ${job}. ${nothing}`;
    case 'purchasing':
      return `Namecheap's answer to the purchase. ${nothing}`;
    case 'purchase-unclear':
      return `What became of an unanswered purchase is looked up at Namecheap; nothing is bought before that is known. ${nothing}`;
    case 'purchased':
      return `What was bought has to be activated with the CSR. ${nothing}`;
    case 'pending-validation':
      return describePending(record);
    case 'parked':
      return `The ${job} is parked until a person decides: see the problem, then tell the decision with certificate resolve ${serviceId}.`;
    case 'failed':
      return `The ${job} failed and does not go on by itself: mend the cause, then enqueue ${job} again with the corrected values for ${serviceId}.`;
    default:
      return null;
  }
}
