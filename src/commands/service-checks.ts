import type { App } from '../app.js';
import { closePayloadSchema, isAsWanted } from '../certificates/close-request.js';
import { demandSubject, readCase } from '../certificates/decide.js';
import { judgeDecision, resolvePayloadSchema } from '../certificates/decision.js';
import { describeChoices } from '../certificates/dcv-instructions.js';
import { dcvPayloadSchema, planValidation } from '../certificates/dcv-request.js';
import { isKnown } from '../certificates/inbox.js';
import type { Stored } from '../certificates/ports.js';
import { judgeRevocation, revokePayloadSchema } from '../certificates/revoke.js';
import { judgeSync, syncPayloadSchema } from '../certificates/sync.js';

/** What the job would do to the service as it stands, in words. @throws what the job is refused with, or waits for. */
type Tell = (app: App, stored: Stored, parsed: unknown) => string | Promise<string>;

const TELL: ReadonlyMap<string, Tell> = new Map<string, Tell>([
  ['dcv', (_app, stored, parsed) => tellValidation(stored, parsed)],
  ['sync', (_app, stored, parsed) => tellSync(stored, parsed)],
  ['revoke', (_app, stored, parsed) => tellRevocation(stored, parsed)],
  ['close', (_app, stored, parsed) => tellClose(stored, parsed)],
  ['resolve', tellDecision],
]);

/** How the job is judged by its own rules, without changing anything; undefined for other jobs. */
export function findTell(job: string): Tell | undefined {
  return TELL.get(job);
}

const DONE_BEFORE = 'this requestId was taken before: nothing would be done again';

function isRepeated({ record }: Stored, job: string, id: string | undefined): boolean {
  return id !== undefined && isKnown(record, job, id);
}

function tellValidation(stored: Stored, parsed: unknown): string {
  const payload = dcvPayloadSchema.parse(parsed);
  if (isRepeated(stored, 'dcv', payload.requestId)) return DONE_BEFORE;
  const { when, isSame, choices } = planValidation(stored, payload);
  const names = describeChoices(choices);
  if (when === 'later') return `nothing is being validated: chosen for the next reissue: ${names}`;
  return isSame ? `would be tried again: ${names}` : `would be changed: ${names}`;
}

function tellSync({ record }: Stored, parsed: unknown): string {
  judgeSync(record, syncPayloadSchema.parse(parsed));
  return 'Namecheap would be asked what it has of this service; nothing is charged';
}

function tellRevocation(stored: Stored, parsed: unknown): string {
  const payload = revokePayloadSchema.parse(parsed);
  if (isRepeated(stored, 'revoke', payload.requestId)) return DONE_BEFORE;
  return judgeRevocation(stored.record, payload)
    ? `certificate ${payload.certificateId} was revoked before: nothing would be done`
    : `certificate ${payload.certificateId}, which was replaced, would be revoked for good`;
}

function tellClose(stored: Stored, parsed: unknown): string {
  const payload = closePayloadSchema.parse(parsed);
  if (isRepeated(stored, 'close', payload.requestId)) return DONE_BEFORE;
  const { status } = stored.record;
  if (isAsWanted(stored.record, payload)) return `it is ${status} already: nothing would change`;
  return payload.open
    ? 'would be open again: its reissues are planned anew'
    : 'would be closed: nothing is reissued or renewed any more, until a close job with "open": true';
}

async function tellDecision({ store }: App, stored: Stored, parsed: unknown): Promise<string> {
  const { serviceId, decision, about, requestId } = resolvePayloadSchema.parse(parsed);
  if (isRepeated(stored, 'resolve', requestId)) return DONE_BEFORE;
  const found = await readCase(store, serviceId);
  if (about !== undefined) demandSubject(found.record, about);
  judgeDecision(found, decision);
  const what = typeof decision === 'string' ? decision : `adopt certificate ${decision.adopt}`;
  return `the decision fits what is stored: ${what}; what Namecheap shows is looked at when it is carried out`;
}
