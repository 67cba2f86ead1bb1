import { Big } from 'big.js';
import { parseCsr } from '../../src/certificates/csr.js';
import { isEmergency } from '../../src/certificates/agenda.js';
import { readLeaf } from '../../src/certificates/leaf.js';
import { isUnfinished, readStage } from '../../src/certificates/record.js';
import { listTasks } from '../../src/certificates/scan.js';
import type { Charge, Facts, LedgerEntry, SeenCertificate } from './facts.js';
import type { Expectation, ServicePlan } from './fleet.js';

/** What a schedule allows besides: each only where its faults explain it. */
export interface Allowance {
  /** Problems with which a service may end parked or failed. */
  problems: readonly RegExp[];
  /** Somebody bought the like of ours by hand, between two lists or while one of ours was unclear. */
  isHandWindow: boolean;
  /** A request may have been carried out later than the settle time: so many charges more than keys. */
  lateCharges: number;
  /** Redis's clock went ahead: the quota's windows with it. */
  isQuotaBlind: boolean;
  /** Redis lost data: the ledger and the events are not complete. */
  hasLost: boolean;
}

const keys = new Map<string, string>();

/** The hash of a CSR's key; each is read once. */
function readKey(csr: string): string {
  const known = keys.get(csr) ?? parseCsr(csr).publicKeyHash;
  keys.set(csr, known);
  return known;
}

/** A purchase by API command, as the sandbox charges it. */
const COMMANDS = {
  order: 'namecheap.ssl.create',
  renew: 'namecheap.ssl.renew',
  names: 'namecheap.ssl.purchaseMoreSANS',
} as const;

export interface Judged {
  plan: ServicePlan;
  expected: Expectation;
}

/** Checks the invariants of a world that is at rest. @returns what is violated, each with the number of the invariant. */
export function judge(facts: Facts, fleet: readonly Judged[], allowed: Allowance, now: number): string[] {
  return [
    ...judgeCharges(facts, fleet, allowed),
    ...judgeLedger(facts, allowed),
    ...judgeOwnership(facts, allowed),
    ...fleet.flatMap((one) => judgeService(facts, one, allowed, now)),
    ...judgeLeftovers(facts),
    ...(facts.throttled > 0 && !allowed.isQuotaBlind ? [`I6 ${facts.throttled} calls beyond the quota`] : []),
  ];
}

/** I1: no purchase key is charged twice. Certificates are interchangeable until their activation, so orders count by product. */
function judgeCharges({ charges }: Facts, fleet: readonly Judged[], { lateCharges }: Allowance): string[] {
  const own = charges.filter(({ byHand }) => byHand !== true);
  const count = (command: string) => own.filter((charge) => charge.command === command).length;
  const wrong: string[] = [];
  const sum = (read: (one: Judged) => number) => fleet.reduce((total, one) => total + read(one), 0);
  const expected = {
    order: fleet.length,
    renew: sum(({ expected: { renews } }) => renews),
    names: sum(({ expected: { names } }) => names),
  };
  for (const [kind, command] of Object.entries(COMMANDS)) {
    const keys = expected[kind as keyof typeof COMMANDS];
    if (count(command) > keys + (kind === 'order' ? lateCharges : 0))
      wrong.push(`I1 ${count(command)} charges of ${command} for ${keys} purchase keys`);
  }
  const twice = own.filter(
    (charge) =>
      charge.command === COMMANDS.names &&
      own.some(
        (other) =>
          other !== charge &&
          other.command === charge.command &&
          other.certificateId === charge.certificateId,
      ),
  );
  if (twice.length > 0) wrong.push(`I1 names bought twice for ${twice[0]?.certificateId ?? 0}`);
  return wrong;
}

/** I2: every entry of our ledger is one charge with its amount, and every charge has an entry or is explained otherwise. */
function judgeLedger(facts: Facts, allowed: Allowance): string[] {
  const left = [...facts.charges];
  const wrong = facts.ledger.flatMap((entry) => matchEntry(entry, left, allowed));
  const parked = facts.services.filter(({ record }) => readStage(record) === 'parked');
  const named = parked.map(({ record }) => record.problem ?? '').join(' ');
  const isWindow = allowed.isHandWindow || allowed.lateCharges > 0 || allowed.hasLost;
  for (const { certificateId, command, byHand } of left) {
    if (byHand === true) continue;
    const isExplained =
      facts.stock[certificateId] !== undefined ||
      named.includes(String(certificateId)) ||
      parked.some(({ record }) => record.purchase !== null) ||
      // What came from stock was never answered for.
      (isWindow && facts.claims[certificateId] !== undefined);
    if (!isExplained)
      wrong.push(`I2 charge of certificate ${certificateId} (${command}) is in no book of ours`);
  }
  return wrong;
}

/** Takes the charge of one entry from those that are left. Where the amount was never told, the certificate is. */
function matchEntry(entry: LedgerEntry, left: Charge[], { isHandWindow }: Allowance): string[] {
  const isAdopted = entry.transactionId === null;
  const place = left.findIndex((charge) =>
    isAdopted ? charge.certificateId === entry.certificateId : charge.transactionId === entry.transactionId,
  );
  const charge = place < 0 ? undefined : left.splice(place, 1)[0];
  const what = isAdopted ? `adopted ${entry.certificateId}` : `transaction ${String(entry.transactionId)}`;
  if (charge === undefined) return [`I2 the ledger has ${what}, for which nobody paid`];
  if (isAdopted) return charge.byHand === true && !isHandWindow ? [`I2 ${what} was bought by hand`] : [];
  const isRight = entry.charged !== null && new Big(charge.amount).eq(entry.charged.amount);
  return isRight
    ? []
    : [`I2 ${what} cost ${charge.amount}, the ledger says ${entry.charged?.amount ?? 'nothing'}`];
}

/** I3: each certificate is exactly one of owned, stock and foreign; what somebody else bought is never ours. */
function judgeOwnership(facts: Facts, allowed: Allowance): string[] {
  const { certificates, claims, services } = facts;
  const wrong = certificates.flatMap((one) => judgePlaces(facts, one, allowed));
  for (const { record } of services) {
    const strange = record.certificateIds.filter((id) => claims[id] !== record.serviceId);
    for (const id of strange)
      wrong.push(`I3 certificate ${id} of ${record.serviceId} is claimed by ${claims[id] ?? 'nobody'}`);
  }
  for (const [id, owner] of Object.entries(claims)) {
    const record = services.find((one) => one.record.serviceId === owner)?.record;
    if (record !== undefined && !record.certificateIds.includes(Number(id)) && readStage(record) !== 'parked')
      wrong.push(`I3 certificate ${id} is claimed by ${owner}, whose chain does not have it`);
  }
  return wrong;
}

function judgePlaces(facts: Facts, seen: SeenCertificate, { isHandWindow }: Allowance): string[] {
  const { certificateId: id, byHand = false } = seen;
  const { claims, stock, foreign, services } = facts;
  const places = [claims[id], stock[id], foreign[id]].filter((place) => place !== undefined).length;
  const isForeign = foreign[id] !== undefined;
  if (places > 1) return [`I3 certificate ${id} is ${places} of owned, stock and foreign`];
  // Nobody has listed it yet: that is no fault.
  if (byHand)
    return isForeign || places === 0 || isHandWindow
      ? []
      : [`I3 certificate ${id} was bought by hand and is taken for ours`];
  // In the window nobody can tell which of two was bought by whom.
  if (isForeign && !isHandWindow) return [`I3 certificate ${id} is ours and taken for foreign`];
  const isExcused = services.some(({ record }) => readStage(record) === 'parked');
  return places === 0 && !isExcused ? [`I3 certificate ${id} is in no book of ours`] : [];
}

function judgeService(facts: Facts, { plan, expected }: Judged, allowed: Allowance, now: number): string[] {
  const stored = facts.services.find(({ record }) => record.serviceId === plan.id);
  if (stored === undefined) return [`I5 ${plan.id} has no record`];
  const { record } = stored;
  const stage = readStage(record);
  const problem = record.problem ?? '';
  const isExcused = ['parked', 'failed'].includes(stage) && allowed.problems.some((one) => one.test(problem));
  const isRefused = allowed.problems.length > 0 && stage === 'issued' && isErrandRefused(stored, allowed);
  const wrong = judgeEnd(facts, stored, now);
  if (isUnfinished(stage)) return [...wrong, `I5 ${plan.id} is ${stage} and nothing moves it`];
  if (stage !== 'issued' && !isExcused) return [...wrong, `I5 ${plan.id} ended ${stage}: ${problem}`];
  wrong.push(...judgeChain(facts, stored));
  if (isExcused || isRefused || allowed.hasLost || wrong.length > 0) return wrong;
  return [...wrong, ...judgeStory(facts, stored, expected)];
}

/** An errand that was refused for good leaves the inbox; the history tells why. */
function isErrandRefused({ history }: Facts['services'][number], { problems }: Allowance): boolean {
  return history.some(({ cause }) => problems.some((one) => one.test(cause)));
}

/** I5 and I8 for what is at rest. */
function judgeEnd({ open, errands }: Facts, { record }: Facts['services'][number], now: number): string[] {
  const { serviceId } = record;
  const wrong: string[] = [];
  const isOpen = isUnfinished(readStage(record));
  if (isOpen !== open.includes(serviceId))
    wrong.push(
      `I5 ${serviceId} is ${readStage(record)} and ${isOpen ? 'not ' : ''}in the index of open work`,
    );
  if (errands.some((one) => one.startsWith(`${serviceId}|`)) !== record.errands.length > 0)
    wrong.push(`I5 the index of errands and the inbox of ${serviceId} differ`);
  if (record.status === 'issued' && isEmergency(record, now) && listTasks(record, now).includes('emergency'))
    wrong.push(`I8 ${serviceId} passed its emergency time untold`);
  if (record.endDate !== null && Date.parse(record.endDate) < now && record.status === 'issued')
    wrong.push(`I8 ${serviceId} ended and is issued still`);
  return wrong;
}

/** I4: one chain of ids, each following the one before at Namecheap, and the key of the CSR in what is in force. */
function judgeChain({ certificates }: Facts, { record, request, pem }: Facts['services'][number]): string[] {
  const { serviceId, certificateIds, certificateId } = record;
  const wrong: string[] = [];
  const seen = (id: number | undefined) => certificates.find((one) => one.certificateId === id);
  for (const [place, id] of certificateIds.entries()) {
    const one = seen(id);
    if (one === undefined) wrong.push(`I4 ${serviceId} has certificate ${id}, which does not exist`);
    if (place === 0 || one === undefined) continue;
    const before = certificateIds[place - 1];
    if (one.replaces !== before && one.renews !== before && one.renews !== certificateId)
      wrong.push(`I4 certificate ${id} of ${serviceId} does not follow ${String(before)}`);
  }
  if (record.status !== 'issued' || pem === null || certificateId === null) return wrong;
  const publicKeyHash = readKey(request.csr);
  if (readLeaf(pem).publicKeyHash !== publicKeyHash)
    wrong.push(`I4 the leaf of ${serviceId} has another key than its CSR`);
  const inForce = seen(certificateId);
  if (inForce?.csrPublicKeyHash !== publicKeyHash)
    wrong.push(`I4 certificate ${certificateId} of ${serviceId} was made from another CSR at Namecheap`);
  const chained = certificates.filter(({ commonName }) => commonName === record.commonName);
  const strays = chained.filter((one) => !certificateIds.includes(one.certificateId));
  if (strays.length > 0)
    wrong.push(
      `I4 ${strays.map((one) => one.certificateId).join()} were made for ${record.commonName} and are not in the chain of ${serviceId}`,
    );
  return wrong;
}

/** What the story of a service leaves behind when everything ended well. */
function judgeStory(
  { events, certificates }: Facts,
  { record, request }: Facts['services'][number],
  expected: Expectation,
): string[] {
  const { serviceId } = record;
  const wrong: string[] = [];
  const say = (what: string, is: unknown, should: unknown) => {
    if (is !== should) wrong.push(`${what} of ${serviceId}: ${String(is)} instead of ${String(should)}`);
  };
  const count = (type: string) =>
    events.filter((one) => one.serviceId === serviceId && one.type === type).length;
  say('I4 certificates in the chain', record.certificateIds.length, expected.chain);
  say('I4 renewals', record.renewals.length, expected.renews);
  say('I4 key in force', readKey(request.csr), readKey(expected.csr));
  say('events: purchased', count('certificate.purchased'), 1 + expected.renews + expected.names);
  say('events: issued', count('certificate.issued'), 1);
  say('events: renewed', count('certificate.renewed'), expected.renews);
  say('events: reissued', count('certificate.reissued'), expected.chain - 1 - expected.renews);
  say('problem', record.problem, null);
  const status = certificates.find((one) => one.certificateId === record.certificateId)?.status;
  say('I4 status at Namecheap', status, 'active');
  return wrong;
}

/** Nothing may be left in what is only there while something is under way. */
function judgeLeftovers({ lanes, purchases, services }: Facts): string[] {
  const wrong: string[] = [];
  for (const [lane, json] of Object.entries(lanes)) {
    const { serviceId } = JSON.parse(json) as { serviceId: string };
    const record = services.find((one) => one.record.serviceId === serviceId)?.record;
    if (record === undefined || readStage(record) !== 'parked')
      wrong.push(`I9 lane ${lane} is held by ${serviceId}, which is at rest`);
  }
  for (const [key, json] of Object.entries(purchases)) {
    const { lane, serviceId, kind, id } = JSON.parse(json) as {
      lane: string;
      serviceId: string;
      kind: string;
      id: string;
    };
    const isSettled = lanes[lane] === undefined || (JSON.parse(lanes[lane]) as { id: string }).id !== id;
    const record = services.find((one) => one.record.serviceId === serviceId)?.record;
    if (record === undefined) wrong.push(`I1 purchase key ${key} belongs to no service`);
    else if (isSettled && kind === 'order' && record.certificateId === null && readStage(record) !== 'parked')
      wrong.push(`I1 purchase key ${key} is taken and ${serviceId} has no certificate`);
  }
  return wrong;
}
