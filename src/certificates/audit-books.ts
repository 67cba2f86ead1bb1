import type { Difference, EntrySeen, HeldLane, Placed, PurchaseSeen } from './audit-ports.js';

const LOOK = 'Compare the certificates and transactions at Namecheap';

/** What is wrong with a purchase key; null when nothing is, or when it is not settled yet. */
export function judgePurchase(seen: PurchaseSeen): Difference | null {
  const { key, serviceId, certificateId, place, ledgerId, hasEntry } = seen;
  const tell = (what: string, text: string) => compose('books', `${what}:${key}`, text);
  if (serviceId === null)
    return tell(
      'unreadable',
      `The purchase ${key} is stored in a form that cannot be read. ${ADVISE_RESTORE}`,
    );
  if (seen.isHeld) return null;
  const whose = `The purchase ${key} of service ${serviceId}`;
  if (certificateId === null)
    return tell(
      'unsettled',
      `${whose} has neither an outcome nor a lane that waits for one. ${LOOK}. The next run of its job parks it (enqueue it again if none comes); then decide with certificate resolve ${serviceId} (--adopt ID, or --not-made).`,
    );
  if (place === 'nowhere' || place === 'foreign') {
    const where =
      place === 'foreign' ? 'counts as foreign in our books' : 'is neither owned nor in stock in our books';
    return tell(
      `lost-${certificateId}`,
      `${whose} brought certificate ${certificateId}, which ${where}. ${LOOK}; put it back with stock mark ${certificateId} --ours, or with certificate import --map.`,
    );
  }
  if (ledgerId === null || hasEntry) return null;
  return tell(
    `unpaid-${ledgerId}`,
    `${whose} (certificate ${certificateId}) was settled with ledger entry ${ledgerId}, which is not in the ledger. Something removed it: ${ADVISE_LEDGER}`,
  );
}

/** A lane that waits for a purchase which nobody knows holds up everything behind it. */
export function judgeLane({ lane, key, serviceId, isKeyed }: HeldLane): Difference {
  const behind = 'so everything else of that product waits behind it';
  const text = isKeyed
    ? `The lane ${lane} waits for the purchase ${key}, but service ${serviceId} does not, ${behind}. ${LOOK}, then decide with certificate resolve ${serviceId}. ${ADVISE_RESTORE}`
    : `The lane ${lane} waits for a purchase ${key || '(unreadable)'} that is not under its key, ${behind}. ${LOOK}. ${ADVISE_RESTORE}`;
  return compose('books', `lane:${lane}`, text);
}

/** What is wrong with an entry of the ledger. */
export function judgeEntry(seen: EntrySeen): Difference | null {
  const { ledgerId, certificateId, serviceId, transactionId, amount, place, rival } = seen;
  const tell = (what: string, text: string) => compose('ledger', `${what}:${ledgerId}`, text);
  if (certificateId === null)
    return tell(
      'unreadable-entry',
      `The ledger entry ${ledgerId} is stored in a form that cannot be read. ${ADVISE_LEDGER}`,
    );
  const whose = `The ledger entry ${ledgerId} (${amount === null ? 'amount unknown' : `${amount} USD`}, certificate ${certificateId}, service ${serviceId})`;
  if (transactionId !== null && String(transactionId) !== ledgerId)
    return tell('misnamed', `${whose} is about transaction ${transactionId}. ${ADVISE_LEDGER}`);
  if (place === 'nowhere')
    return tell(
      'unexplained',
      `${whose} is paid, but the certificate is neither owned nor in stock nor foreign in our books. Look for it at Namecheap; put it back with stock mark ${certificateId} --ours, or with certificate import --map.`,
    );
  if (rival !== null)
    return tell(
      'twice',
      `${whose} tells of a purchase that ledger entry ${rival} has paid already. Look for transactions ${rival} and ${ledgerId} at Namecheap and ask for a refund of one of them.`,
    );
  return null;
}

/** A certificate that is in more than one place. */
export function judgePlaced(seen: Placed): Difference | null {
  const { certificateId, owner, isStock, foreignSince } = seen;
  const places = [
    ...(owner === null ? [] : [`owned by service ${owner}`]),
    ...(isStock ? ['in stock'] : []),
    ...(foreignSince === null ? [] : ['foreign']),
  ];
  if (places.length < 2) return null;
  const remedy =
    owner === null
      ? `say what it is with stock mark ${certificateId} --ours or --foreign`
      : `see certificate show ${owner}, and tell whoever wrote to Redis by hand`;
  const text = `Certificate ${certificateId} is ${places.join(' and ')} in our books, and can be only one of them: ${remedy}.`;
  return compose('books', `places:${certificateId}`, text);
}

/** A certificate that Namecheap lists as bought and unused, and that nothing here accounts for. */
export function judgeListed({ certificateId, owner, isStock, foreignSince }: Placed): Difference | null {
  if (owner !== null || isStock || foreignSince !== null) return null;
  const text = `Namecheap lists certificate ${certificateId} as bought and not activated, and our books do not know it although the list was sorted into them. Say what it is with stock mark ${certificateId} --ours or --foreign.`;
  return compose('lists', `unplaced:${certificateId}`, text);
}

/** A certificate of the stock that is not there to be used any more. */
export function judgeMissing(certificateId: number): Difference {
  const text = `Certificate ${certificateId} is in stock, and Namecheap does not list it as bought and unused any more: somebody activated or cancelled it by hand. An order that took it would fail. Look at it at Namecheap, then take it out with stock mark ${certificateId} --foreign.`;
  return compose('lists', `stock-gone:${certificateId}`, text);
}

const ADVISE_RESTORE = 'Restore it from an export with certificate restore, or ask for support.';
const ADVISE_LEDGER =
  'find out who wrote to Redis by hand, and bring it back with certificate restore of an export.';

function compose(part: Difference['part'], id: string, text: string): Difference {
  return { id, part, text };
}

/** So many of one kind are told one by one. */
const MOST_OF_A_KIND = 20;
/** Of more, so many are counted, and these named. */
const MOST_COUNTED = 10_000;
const NAMED = 5;

/**
 * Collects differences in bounded memory. Thousands of a kind have one cause: they become one difference, which is
 * another one when their number changes.
 */
export class Findings {
  readonly #kinds = new Map<string, { kept: Map<string, Difference>; rest: Set<string> }>();

  add(found: Difference | null): void {
    if (found === null) return;
    const kind = `${found.part}:${found.id.split(/[-:]/)[0] ?? ''}`;
    const known = this.#kinds.get(kind) ?? { kept: new Map(), rest: new Set() };
    this.#kinds.set(kind, known);
    if (known.kept.size < MOST_OF_A_KIND) known.kept.set(found.id, found);
    else if (!known.kept.has(found.id) && known.rest.size < MOST_COUNTED) known.rest.add(found.id);
  }

  list(): Difference[] {
    return [...this.#kinds.entries()].flatMap(([kind, { kept, rest }]) => {
      const all = [...kept.values()];
      const [first] = all;
      if (rest.size === 0 || first === undefined) return all;
      const count = all.length + rest.size;
      const names = all.slice(0, NAMED).map(({ id }) => id.slice(id.indexOf(':') + 1));
      const text = `${count} differences of one kind (${names.join(', ')} and others), which have one cause: ${first.text}`;
      return [{ id: `many:${kind}:${count}`, part: first.part, text }];
    });
  }
}
