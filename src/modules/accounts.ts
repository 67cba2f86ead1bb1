import type { Account, PauseScope } from '../certificates/ports.js';
import { WaitError } from '../errors.js';
import type { CommandKind, Connection, Exchange, Namecheap } from '../namecheap/api.js';
import { createNamecheap } from '../namecheap/client.js';
import { checkEndpoint, isProductionEndpoint } from '../namecheap/endpoint.js';
import type { NamecheapError } from '../namecheap/errors.js';
import type { AccountLimiter } from '../quota/limiter.js';
import type { Store } from '../store/store.js';
import { requireModule } from './require-module.js';
import { openKey } from './seal.js';
import { accountId, resolveEndpoint, type AccountSettings, type ModuleParameters } from './settings.js';

/** A denied call is asked for again after a little more than it takes: so many workers do not ask in the same instant. */
const SPREAD_MS = 500;

export interface AccountDeps {
  store: Store;
  /** Secret keys that may have sealed the API key: the present one first. */
  secretKeys: readonly string[];
  httpTimeoutMs: number;
  throttlePauseMs: number;
  /** Null, or why purchases at Namecheap's production must not be made through this Redis. */
  volatility: string | null;
  createLimiter(account: string): AccountLimiter;
  onExchange(exchange: Exchange): void;
  now(): number;
  random(): number;
}

type Refusals = Map<string, { until: number; reason: string }>;

/** Opens accounts for jobs, and keeps what this worker alone knows: that its address is refused. */
export class Accounts {
  readonly #deps: AccountDeps;
  /** Account → until when this worker does not call it, ms. */
  readonly #refused: Refusals = new Map();

  constructor(deps: AccountDeps) {
    this.#deps = deps;
  }

  /** @throws FailError when there is no such module or its key does not open. */
  async open(name: string): Promise<Account> {
    const module = await requireModule(this.#deps.store.modules, name);
    return this.openSettings(module, module.parameters, name);
  }

  /** An account from settings, stored or not. `isTest` lets a connection test through a pause: it is how one ends. */
  openSettings(
    settings: AccountSettings,
    parameters: ModuleParameters,
    module: string,
    isTest = false,
  ): Account {
    const id = accountId(settings);
    const endpoint = resolveEndpoint(settings);
    checkEndpoint(endpoint);
    const { username: userName, apiUser, clientIp } = settings;
    const apiKey = openKey(settings.sealedKey, this.#deps.secretKeys);
    const connection: Connection = { endpoint, userName, apiUser, clientIp, apiKey };
    const admission = new Admission(this.#deps, id, parameters, isTest ? null : this.#refused);
    return {
      id,
      module,
      api: this.#createApi(connection, admission),
      guard: {
        maxPurchasesPerHour: parameters.maxPurchasesPerHour,
        maxSpendPerDay: parameters.maxSpendPerDay,
      },
      refusal: isProductionEndpoint(endpoint) ? this.#deps.volatility : null,
      admitPurchase: () => admission.admit(),
      pause: (scope, reason, durationMs) => this.#pause(id, scope, reason, durationMs),
    };
  }

  #createApi(connection: Connection, admission: Admission): Namecheap {
    return createNamecheap(connection, {
      timeoutMs: this.#deps.httpTimeoutMs,
      hooks: {
        // A charged call was admitted before its intent was recorded: nothing may stand between fence and call.
        admit: async (_command: string, kind: CommandKind) =>
          kind === 'charge' ? undefined : await admission.admit(),
        onExchange: (exchange) => this.#deps.onExchange(exchange),
        onFailure: (error) => admission.noteFailure(error),
        onSuccess: () => admission.noteSuccess(),
      },
    });
  }

  async #pause(account: string, scope: PauseScope, reason: string, durationMs: number | null): Promise<void> {
    const until = durationMs === null ? null : this.#deps.now() + durationMs;
    if (scope === 'worker') this.#refused.set(account, { until: until ?? Number.POSITIVE_INFINITY, reason });
    else await this.#deps.store.accounts.pause(account, { scope, reason, until });
  }
}

/** Says whether a call of one account may be made now. */
class Admission {
  readonly #deps: AccountDeps;
  readonly #account: string;
  readonly #limiter: AccountLimiter;
  readonly #parameters: ModuleParameters;
  readonly #refused: Refusals | null;
  #hasRested = false;

  constructor(deps: AccountDeps, account: string, parameters: ModuleParameters, refused: Refusals | null) {
    this.#deps = deps;
    this.#account = account;
    this.#limiter = deps.createLimiter(account);
    this.#parameters = parameters;
    this.#refused = refused;
  }

  /** @throws WaitError when this worker's address is refused, the account is paused, or its quota is used up. */
  async admit(): Promise<void> {
    const { store } = this.#deps;
    const now = this.#deps.now();
    if (this.#refused !== null) {
      const refusal = this.#refused.get(this.#account);
      if (refusal !== undefined && refusal.until > now)
        throw new WaitError(refusal.reason, 15_000, 'ERR_ADDRESS_REFUSED');
      const pause = (await store.accounts.listPauses(this.#account, now)).find(
        ({ scope }) => scope === 'all',
      );
      if (pause !== undefined)
        throw new WaitError(
          `The account is paused: ${pause.reason}`,
          computePauseLeft(pause.until, now),
          'ERR_PAUSED',
        );
    }
    const { waitMs, hasRested } = await this.#limiter.take(this.#parameters.limits);
    this.#hasRested = hasRested;
    if (waitMs > 0) {
      const text =
        'The quota of this Namecheap account is used up or the account rests; the job goes on by itself';
      throw new WaitError(text, waitMs + Math.round(this.#deps.random() * SPREAD_MS), 'ERR_QUOTA');
    }
  }

  /** Namecheap's "too many requests" lets the account rest, longer each time in a row. */
  async noteFailure(error: NamecheapError): Promise<void> {
    if (error.errorClass === 'throttle') await this.#limiter.rest(this.#deps.throttlePauseMs);
  }

  /** The first call that goes through after a rest ends the series. */
  async noteSuccess(): Promise<void> {
    if (!this.#hasRested) return;
    this.#hasRested = false;
    await this.#limiter.wake();
  }
}

function computePauseLeft(until: number | null, now: number): number {
  return until === null ? 600_000 : Math.max(1000, until - now);
}
