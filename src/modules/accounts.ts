import type { Account, PauseScope } from '../certificates/ports.js';
import type { Namecheap } from '../namecheap/api.js';
import type { CommandKind, Connection } from '../namecheap/exchange.js';
import { createNamecheap } from '../namecheap/client.js';
import { checkEndpoint, isProductionEndpoint } from '../namecheap/endpoint.js';
import { Admission, type AccountDeps, type Refusals } from './admission.js';
import { requireModule } from './require-module.js';
import { openKey } from './seal.js';
import { accountId, resolveEndpoint, type AccountSettings, type ModuleParameters } from './settings.js';

/** `isTest` lets a connection test through a pause: it is how one ends. `subject`: what the calls are for, for the log. */
interface OpenOptions {
  isTest?: boolean;
  subject?: string | undefined;
}

/** Opens accounts for jobs, and keeps what this worker alone knows: that its address is refused. */
export class Accounts {
  readonly #deps: AccountDeps;
  /** Account → until when this worker does not call it, ms. */
  readonly #refused: Refusals = new Map();

  constructor(deps: AccountDeps) {
    this.#deps = deps;
  }

  /** @throws FailError when there is no such module or its key does not open. */
  async open(name: string, subject?: string): Promise<Account> {
    const module = await requireModule(this.#deps.store.modules, name);
    return this.openSettings(module, module.parameters, name, { subject });
  }

  /** An account from settings, stored or not.  */
  openSettings(
    settings: AccountSettings,
    parameters: ModuleParameters,
    module: string,
    options: OpenOptions = {},
  ): Account {
    const id = accountId(settings);
    const endpoint = resolveEndpoint(settings);
    checkEndpoint(endpoint);
    const { username: userName, apiUser, clientIp } = settings;
    const apiKey = openKey(settings.sealedKey, this.#deps.secretKeys, settings);
    const connection: Connection = { endpoint, userName, apiUser, clientIp, apiKey };
    const admission = new Admission(
      this.#deps,
      id,
      parameters,
      options.isTest === true ? null : this.#refused,
    );
    return {
      id,
      module,
      api: this.#createApi(connection, admission, options.subject),
      guard: {
        maxPurchasesPerHour: parameters.maxPurchasesPerHour,
        maxSpendPerDay: parameters.maxSpendPerDay,
      },
      // What the sandbox sells costs nothing: it may be bought through any Redis.
      readRefusal: async () => (isProductionEndpoint(endpoint) ? await this.#deps.readVolatility() : null),
      lookPurchase: () => admission.look(),
      admitPurchase: () => admission.admit(),
      readCallsLeft: () => admission.readCallsLeft(),
      pause: (scope, reason, durationMs) => this.#pause(id, scope, reason, durationMs),
    };
  }

  #createApi(connection: Connection, admission: Admission, subject: string | undefined): Namecheap {
    return createNamecheap(connection, {
      timeoutMs: this.#deps.httpTimeoutMs,
      hooks: {
        // A charged call was admitted before its intent was recorded: nothing may stand between fence and call.
        admit: async (_command: string, kind: CommandKind) =>
          kind === 'charge' ? undefined : await admission.admit(),
        onExchange: (exchange) => this.#deps.onExchange(exchange, subject),
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
