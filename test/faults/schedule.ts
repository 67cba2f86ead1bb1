import { makeRandom } from '../../src/sandbox/random.js';
import { FAULTS, type FaultRule } from '../../src/sandbox/faults.js';
import type { SandboxOptions } from '../../src/sandbox/server.js';
import type { Fault, Target } from './fault.js';
import type { ServiceKind, ServicePlan } from './fleet.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * What a schedule is about. The last three are marked: they do what the documents name as a window or a person's mistake, and
 * are judged with what is said there.
 */
export const THEMES = [
  'mixed',
  'unclear',
  'takeover',
  'submission',
  'late',
  'by-hand',
  'restored',
  'data-loss',
] as const;
export type Theme = (typeof THEMES)[number];

/** Everything that one seed decides, but the order of the calls. */
export interface Schedule {
  seed: number;
  theme: Theme;
  fleet: ServicePlan[];
  workers: number;
  faults: Fault[];
  sandbox: SandboxOptions;
  limits: [number, number, number];
  /** Certificates that somebody bought in the account before we saw it, by type and years. */
  boughtBefore: { type: string; years: number }[];
  /** Whether the balance was read shortly before, as evidence. */
  isBalanceKnown: boolean;
}

const SINGLE = 'PositiveSSL';
const WILDCARD = 'PositiveSSL Wildcard';
const MULTI = 'PositiveSSL Multi Domain';

/** Draws from a seed. */
export class Draw {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = makeRandom(seed);
    // The first numbers of neighbouring seeds are alike.
    for (let i = 0; i < 8; i++) this.random();
  }

  int(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  isHit(chance: number): boolean {
    return this.random() < chance;
  }

  pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.random() * list.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  /** By weights. */
  choose<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries<number>(weights);
    let left = this.random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name as T;
    }
    return entries[0]?.[0] as T;
  }
}

/** @param theme drawn too, unless given */
export function drawSchedule(seed: number, theme?: Theme): Schedule {
  const draw = new Draw(seed);
  const drawn = draw.choose<Theme>({
    ...{ mixed: 56, unclear: 12, takeover: 12, submission: 10 },
    ...{ late: 3, 'by-hand': 4, restored: 3, 'data-loss': 10 },
  });
  const about = theme ?? drawn;
  const fleet = drawFleet(draw, about);
  const count = about === 'mixed' ? draw.pick([1, 1, 2, 2, 2, 3, 3, 4, 5]) : draw.pick([1, 1, 2, 3]);
  const faults: Fault[] = [];
  for (let i = 0; i < count; i++)
    faults.push(about === 'data-loss' ? drawBesideLoss(draw, fleet) : drawThemed(draw, fleet, about));
  if (about === 'data-loss') faults.push(...drawLoss(draw));
  return {
    ...{
      seed,
      theme: about,
      fleet,
      workers: draw.int(about === 'takeover' ? 2 : 1, 3),
      faults: keepOneClock(faults),
    },
    sandbox: {
      replacedWhen: draw.pick(['accepted', 'issued']),
      typeNames: draw.pick(['docs', 'sslcom']),
      limitAnswer: draw.pick(['405', '500000']),
    },
    limits: draw.isHit(0.2) ? [20, 700, 8000] : [0, 0, 0],
    boughtBefore: draw.isHit(0.25) ? [{ type: SINGLE, years: 1 }] : [],
    isBalanceKnown: draw.isHit(0.3),
  };
}

/** Clocks of Redis and of a worker that both go ahead are a window: the settle time is taken by the slower of the two. */
function keepOneClock(faults: readonly Fault[]): Fault[] {
  const first = faults.find(({ kind }) => kind === 'clock');
  const whose = first?.kind === 'clock' ? first.whose : null;
  return faults.map((fault) => (fault.kind === 'clock' && whose !== null ? { ...fault, whose } : fault));
}

/** Kinds of services, by weight. */
const FLEETS: Readonly<Record<Theme, Readonly<Record<ServiceKind, number>>>> = {
  mixed: { order: 55, renew: 12, reissue: 12, names: 12, rekey: 9 },
  unclear: { order: 60, renew: 20, reissue: 0, names: 20, rekey: 0 },
  takeover: { order: 75, renew: 10, reissue: 5, names: 10, rekey: 0 },
  submission: { order: 40, renew: 10, reissue: 30, names: 0, rekey: 20 },
  late: { order: 1, renew: 0, reissue: 0, names: 0, rekey: 0 },
  'by-hand': { order: 1, renew: 0, reissue: 0, names: 0, rekey: 0 },
  restored: { order: 1, renew: 0, reissue: 0, names: 0, rekey: 0 },
  'data-loss': { order: 1, renew: 0, reissue: 0, names: 0, rekey: 0 },
};

function drawFleet(draw: Draw, theme: Theme): ServicePlan[] {
  const size = draw.pick(theme === 'mixed' ? [1, 1, 2, 2, 2, 3, 4] : [1, 2, 2, 3]);
  const fleet: ServicePlan[] = [];
  for (let i = 1; i <= size; i++) {
    const kind = draw.choose(FLEETS[theme]);
    fleet.push({
      ...{ id: `s${i}`, kind, type: drawType(draw, kind, theme) },
      years: kind === 'reissue' ? 2 : 1,
      copies: draw.pick(theme === 'takeover' ? [2, 2, 3] : [1, 1, 2, 3]),
      isAccepted: kind !== 'order' || theme === 'restored' || draw.isHit(0.7),
    });
  }
  return fleet;
}

function drawType(draw: Draw, kind: ServiceKind, theme: Theme): string {
  if (kind === 'names') return MULTI;
  return kind === 'order' && theme === 'mixed'
    ? draw.pick([SINGLE, SINGLE, SINGLE, WILDCARD, MULTI])
    : SINGLE;
}

/** The calls that change something at Namecheap for a kind of service. */
const ACTS: Readonly<Record<ServiceKind, readonly string[]>> = {
  order: ['api.create', 'api.activate'],
  renew: ['api.renew', 'api.activate'],
  reissue: ['api.reissue'],
  names: ['api.purchaseMoreSans', 'api.reissue'],
  rekey: ['api.reissue'],
};

const STORE_CALLS = [
  'purchases.begin',
  'purchases.check',
  'purchases.settleMade',
  'purchases.settleNotMade',
  'purchases.readOwner',
  'purchases.saveClaimed',
  'purchases.takeStock',
  'certificates.save',
  'certificates.lease',
  'certificates.load',
  'certificates.postpone',
  'certificates.release',
  'listings.saveListing',
  'listings.lock',
  'listings.unlock',
  'redis/',
] as const;

function drawAct(draw: Draw, fleet: readonly ServicePlan[]): Target {
  const { kind } = draw.pick(fleet);
  return { call: draw.pick(ACTS[kind]), nth: draw.pick([1, 1, 1, 2, 2, 3]) };
}

function drawApi(draw: Draw, fleet: readonly ServicePlan[]): Target {
  if (draw.isHit(0.7)) return drawAct(draw, fleet);
  const call = draw.pick(['api.getInfo', 'api.getList', 'api.editDcvMethod', 'api.getBalances', 'api.']);
  return { call, nth: draw.int(1, 4) };
}

function drawStore(draw: Draw): Target {
  return { call: draw.pick(STORE_CALLS), nth: draw.int(1, 4) };
}

function drawAny(draw: Draw, fleet: readonly ServicePlan[]): Target {
  const where = draw.choose({ act: 4, api: 2, store: 3, any: 3 });
  if (where === 'act') return drawAct(draw, fleet);
  if (where === 'api') return drawApi(draw, fleet);
  if (where === 'store') return drawStore(draw);
  return { call: '', nth: draw.int(1, 120) };
}

/** What distinguishes the themes: where and how it goes wrong. */
function drawThemed(draw: Draw, fleet: readonly ServicePlan[], theme: Theme): Fault {
  const act = drawAct(draw, fleet);
  switch (theme) {
    case 'unclear': {
      const charge =
        act.call === 'api.activate' || act.call === 'api.reissue' ? { ...act, call: 'api.create' } : act;
      return draw.isHit(0.8) ? { kind: 'http', at: charge, rule: drawRule(draw) } : drawFault(draw, fleet);
    }
    case 'takeover':
      return draw.isHit(0.7) ? drawTakeover(draw, fleet) : drawFault(draw, fleet);
    case 'submission': {
      const at = {
        call: draw.pick(['api.activate', 'api.reissue', 'api.getInfo', 'purchases.saveClaimed']),
        nth: draw.int(1, 2),
      };
      if (draw.isHit(0.5))
        return {
          kind: 'http',
          at: { ...at, call: draw.pick(['api.activate', 'api.reissue']) },
          rule: drawRule(draw),
        };
      return draw.isHit(0.7)
        ? { kind: 'crash', at, side: draw.pick(['before', 'after']) }
        : drawFault(draw, fleet);
    }
    case 'late': {
      const at = { call: 'api.create', nth: draw.int(1, 2) };
      // Whoever sent it may not be there any more when the answer comes.
      if (draw.isHit(0.4)) return { kind: 'crash', at, side: 'after' };
      return { kind: 'stall', at, side: 'before', ms: draw.pick([30, 60, 300]) * MINUTE_MS };
    }
    case 'by-hand': {
      if (draw.isHit(0.5))
        return { kind: 'http', at: { call: 'api.create', nth: draw.int(1, 2) }, rule: drawRule(draw) };
      const at = {
        call: draw.pick(['api.create', 'purchases.begin', 'api.getList', 'api.activate']),
        nth: draw.int(1, 3),
      };
      return { kind: 'by-hand', at, type: SINGLE, years: 1 };
    }
    case 'restored':
      return {
        kind: 'record-restored',
        at: { call: draw.pick(['api.activate', 'purchases.readOwner']), nth: 1 },
      };
    default:
      return drawFault(draw, fleet);
  }
}

/** What goes wrong in the world that loses its data: nothing that holds a request back, for that is a window. */
function drawBesideLoss(draw: Draw, fleet: readonly ServicePlan[]): Fault {
  const at = drawAct(draw, fleet);
  if (draw.isHit(0.6)) return { kind: 'http', at, rule: drawRule(draw) };
  return { kind: 'crash', at: drawAny(draw, fleet), side: draw.pick(['before', 'after']) };
}

/** A copy early in the story, and a loss later. */
function drawLoss(draw: Draw): Fault[] {
  const calls = ['purchases.begin', 'api.create', 'purchases.settleMade', 'purchases.confirmOwner', ''];
  const at = { call: draw.pick(calls), nth: draw.int(1, 3) };
  const lost = at.call === '' ? { call: '', nth: draw.int(5, 80) } : at;
  const copied = { call: '', nth: draw.int(1, 60) };
  const isEmptied = draw.isHit(0.25);
  return [
    ...(draw.isHit(0.5) ? [{ kind: 'data-copied', at: copied } as const] : []),
    { kind: 'data-loss', at: lost, isEmptied, isDeadly: draw.isHit(0.5) },
  ];
}

/** A worker that stops, or is stopped, around its purchase, for longer than its lease. */
function drawTakeover(draw: Draw, fleet: readonly ServicePlan[]): Fault {
  const calls = [
    'purchases.begin',
    'purchases.check',
    'accounts.listPauses',
    'purchases.settleMade',
    'purchases.takeStock',
    'certificates.save',
  ];
  const at = { call: draw.pick(calls), nth: draw.int(1, 4) };
  const ms = draw.pick([10_000, 3 * MINUTE_MS, 15 * MINUTE_MS, 40 * MINUTE_MS, 3 * HOUR_MS]);
  const kind = draw.choose({ stall: 5, charge: 3, answer: 3, crash: 2 });
  const charge = drawAct(draw, fleet);
  if (kind === 'charge')
    return { kind: 'stall', at: charge, side: 'before', ms: draw.int(3, 17) * MINUTE_MS };
  if (kind === 'answer') return { kind: 'stall', at: charge, side: 'after', ms };
  if (kind === 'crash') return { kind: 'crash', at, side: draw.pick(['before', 'after']) };
  return { kind: 'stall', at, side: 'before', ms };
}

function drawFault(draw: Draw, fleet: readonly ServicePlan[]): Fault {
  const kind = draw.choose<Fault['kind']>({
    ...{ crash: 24, http: 30, refused: 3, 'reply-lost': 14, 'redis-down': 4, stall: 14, clock: 6 },
    ...{ 'queue-lost': 3, idle: 3, 'by-hand': 3, 'record-restored': 0, 'data-copied': 0, 'data-loss': 0 },
  });
  switch (kind) {
    case 'crash':
      return { kind, at: drawAny(draw, fleet), side: draw.pick(['before', 'after']) };
    case 'http':
      return { kind, at: drawApi(draw, fleet), rule: drawRule(draw) };
    case 'refused':
      return { kind, at: drawApi(draw, fleet), calls: draw.int(1, 6) };
    case 'reply-lost':
      return { kind, at: drawStore(draw), isExecuted: draw.isHit(0.6) };
    case 'redis-down':
      return { kind, at: drawAny(draw, fleet), calls: draw.int(2, 30) };
    case 'stall':
      return drawStall(draw, fleet);
    case 'clock':
      return {
        ...{ kind, at: drawAny(draw, fleet), whose: draw.pick(['redis', 'worker']) },
        ms: draw.pick([HOUR_MS, -HOUR_MS]),
      };
    case 'queue-lost':
      return { kind, at: drawAny(draw, fleet) };
    case 'idle':
      return {
        kind,
        at: drawAny(draw, fleet),
        ms: draw.pick([30 * MINUTE_MS, 5 * HOUR_MS, 2 * DAY_MS, 5 * DAY_MS]),
      };
    case 'by-hand':
    case 'record-restored':
    case 'data-copied':
    case 'data-loss':
      // Of a kind that none of our purchases explains.
      return {
        kind: 'by-hand',
        at: drawAny(draw, fleet),
        ...draw.pick([
          { type: SINGLE, years: 3 },
          { type: 'EV SSL', years: 1 },
        ]),
      };
  }
}

/** A request that is carried out later than the settle time is a window that is told of: see `windows`. */
function drawStall(draw: Draw, fleet: readonly ServicePlan[]): Fault {
  const at = drawAny(draw, fleet);
  const side = draw.pick(['before', 'after'] as const);
  const isCharge = side === 'before' && /^api\.(create|renew|purchase|$)|^$/.test(at.call);
  const ms = isCharge
    ? draw.int(1, 17) * MINUTE_MS
    : draw.pick([5000, 20_000, 3 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS]);
  return { kind: 'stall', at, side, ms };
}

/** Errors that Namecheap gives without having acted; the last is on no list. */
const ERRORS = [
  { number: 2528166, text: 'Order creation failed' },
  { number: 500000, text: 'Too many requests' },
  { number: 5050900, text: 'Unhandled exceptions' },
  { number: 4999999, text: 'Something nobody documented' },
] as const;

function drawRule(draw: Draw): Omit<FaultRule, 'command'> {
  const fault = draw.pick(FAULTS);
  switch (fault) {
    case 'purchaseerror':
      return { fault: 'drop-after' };
    case 'error':
      return { fault, error: draw.pick(ERRORS) };
    case 'truncated':
      return draw.isHit(0.3) ? { fault } : { fault, bytes: draw.int(0, 900) };
    case 'hang':
      return draw.isHit(0.3) ? { fault, before: true } : { fault };
    case 'slow':
      return { fault: 'slow', delayMs: 1 };
    default:
      return { fault };
  }
}
