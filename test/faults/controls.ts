import type { JobContext } from '../../src/job.js';
import { PurchaseWatch } from '../../src/certificates/watch.js';
import { NamecheapError } from '../../src/namecheap/errors.js';
import { override } from '../helpers/override.js';
import { ScriptTexts, type Rewrite } from './virtual-redis.js';
import type { Control } from './world.js';

/** One defence, turned off: by changing what its job is handed, or the text of a script on its way to Redis. */
export interface Defence {
  name: string;
  rewrites?: readonly Rewrite[];
  wrap?: (context: JobContext) => JobContext;
  settings?: Control['settings'];
}

/** Fresh for each use: it remembers which of its rewrites met their text. */
export function turnOff(...defences: readonly Defence[]): Control {
  return {
    texts: new ScriptTexts(defences.flatMap(({ rewrites = [] }) => rewrites)),
    wrap: (context) => defences.reduce((wrapped, { wrap }) => wrap?.(wrapped) ?? wrapped, context),
    settings: Object.assign({}, ...defences.map(({ settings }) => settings ?? {})) as Control['settings'],
  };
}

function withPurchases(context: JobContext, changes: Partial<JobContext['purchases']>): JobContext {
  const purchases = override(context.purchases, changes);
  return { ...context, purchases, store: { ...context.store, purchases } };
}

function withCertificates(context: JobContext, changes: Partial<JobContext['certificates']>): JobContext {
  const certificates = override(context.certificates, changes);
  return { ...context, certificates, store: { ...context.store, certificates } };
}

/** Many lanes stay one, but nobody waits for it. */
export const lane: Defence = {
  name: 'one unsettled purchase per lane',
  rewrites: [
    {
      find: 'if holder then\n  holder = cjson.decode(holder)',
      put: 'if false then\n  holder = cjson.decode(holder)',
    },
  ],
};

export const adoption: Defence = {
  name: 'adoption of unclear purchases',
  wrap: (context) => {
    const listings = override(context.listings, {
      saveListing: async (...args) => ({ ...(await context.listings.saveListing(...args)), candidates: [] }),
    });
    return { ...context, listings, store: { ...context.store, listings } };
  },
};

/** Much shorter than a lease, and long enough for the fence, which is a share of it. */
export const settleTime: Defence = { name: 'settle time', settings: { settleTimeMs: 20_000 } };

class WatchedLongEnough extends PurchaseWatch {
  override see(): number {
    return Infinity;
  }
}

export const fence: Defence = {
  name: 'fence before the charged call',
  wrap: (context) => ({
    ...withPurchases(context, {
      check: async (...args) => {
        await context.purchases.check(...args);
        return { isHeld: true, ageMs: 0 };
      },
    }),
    // Its clock stands, so it would watch an unanswered purchase for ever.
    monotonic: () => 0,
    watch: new WatchedLongEnough(),
  }),
};

export const submissionLook: Defence = {
  name: 'look before a CSR is submitted again',
  wrap: (context) =>
    withCertificates(context, {
      load: async (serviceId) => {
        const stored = await context.certificates.load(serviceId);
        if (stored === null) return null;
        return { ...stored, record: { ...stored.record, activationBegunAt: null } };
      },
    }),
};

export const keyUniqueness: Defence = {
  name: 'purchase key bought once',
  rewrites: [{ find: "if known then return {'bought', known} end", put: '' }],
};

export const versions: Defence = {
  name: 'compare-and-set on the version',
  rewrites: [
    {
      find: "elseif version ~= c.expect then\n    return 'version'",
      put: "elseif false then\n    return 'version'",
    },
  ],
};

export const lease: Defence = {
  name: 'lease on the record',
  rewrites: [
    { find: 'if held[1] and held[1] ~= ARGV[1] and tonumber(held[2]) > now then', put: 'if false then' },
    {
      find: "if c.lease ~= '' and redis.call('HGET', KEYS[1], 'lease') ~= c.lease then return 'lease' end",
      put: '',
    },
  ],
};

/** A lost answer is taken for "nothing happened, try again". */
export const unclear: Defence = {
  name: 'an unclear answer is not "not made"',
  wrap: (context) => ({
    ...context,
    openAccount: async (module, subject) => {
      const account = await context.openAccount(module, subject);
      const trust = async <T>(call: () => Promise<T>): Promise<T> => {
        try {
          return await call();
        } catch (error) {
          throw trustFailure(error);
        }
      };
      const { api } = account;
      return {
        ...account,
        api: override(api, {
          create: (...args) => trust(() => api.create(...args)),
          renew: (...args) => trust(() => api.renew(...args)),
          purchaseMoreSans: (...args) => trust(() => api.purchaseMoreSans(...args)),
        }),
      };
    },
  }),
};

function trustFailure(error: unknown): unknown {
  if (!(error instanceof NamecheapError) || error.outcome !== 'unclear') return error;
  return new NamecheapError(error.message, {
    ...{ command: error.command, kind: error.kind, errorClass: 'transient', outcome: 'not-made' },
    ...{ faults: error.faults, hasSucceededBefore: false, httpStatus: error.httpStatus, verdict: 'retry' },
  });
}

/** What was bought before we looked is not known as somebody else's. */
export const firstContact: Defence = {
  name: 'a fresh list before every purchase',
  rewrites: [
    {
      find: "if not listed or listed < now - 600000 or listed > now then return {'listing-old'} end",
      put: '',
    },
  ],
};

export const listedClaims: Defence = {
  name: 'a list leaves out what is claimed',
  rewrites: [
    {
      find: "local known = redis.call('HEXISTS', claims, id) + redis.call('HEXISTS', stock, id)",
      put: "local known = redis.call('HEXISTS', stock, id)",
    },
  ],
};

export const claimCheck: Defence = {
  name: 'a certificate is claimed once',
  rewrites: [{ find: "if owner and owner ~= ARGV[7] then return {'claimed', owner} end", put: '' }],
};

/** A certificate that appears after its purchase was concluded as not made is not recognised. */
export const lateCertificates: Defence = {
  name: 'memory of purchases concluded as not made',
  rewrites: [
    {
      find: 'if not p.used and row.product ~= cjson.null and explains(p, row) then late = p break end',
      put: '',
    },
  ],
};

/** A purchase begins on books that nobody compared. */
export const lossGate: Defence = {
  name: 'books compared after a loss',
  rewrites: [
    { find: "if not isGateOpen() then return {'gate'} end", put: '' },
    {
      find: "if redis.call('HGET', gate, 'server') == here then return open() end",
      put: 'if true then return open() end',
    },
  ],
};

/** A certificate that is live for the same name does not stop an order for it. */
export const twin: Defence = {
  name: 'one live certificate per name after a loss',
  rewrites: [{ find: "if not raw then return '', '' end", put: "if true then return '', '' end" }],
};

/** By the names that `npm run faults -- --control` takes. */
export const DEFENCES: Readonly<Record<string, Defence>> = {
  ...{ lane, adoption, settleTime, fence, submissionLook, keyUniqueness, versions, lease },
  ...{ unclear, firstContact, listedClaims, claimCheck, lateCertificates, lossGate, twin },
};
