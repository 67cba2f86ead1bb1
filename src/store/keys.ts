/** Every key of ours in one place. The prefix carries a hash tag, so that all of them share a Cluster slot with BullMQ's. */
export interface Keys {
  certificate(serviceId: string): string;
  history(serviceId: string): string;
  /** Sorted set: unfinished services by the time of their next look, ms. */
  open: string;
  /** Sorted set: issued services by the time the scan is to look at them (a reissue, an end, an alarm), ms. */
  due: string;
  /** Sorted set: errands that nobody has begun, by the time they are rung again, ms. */
  errands: string;
  /** JSON: by which rule the entries of `due` were placed, and how far placing them anew has come. */
  placed: string;
  /** Set of all service ids. */
  services: string;
  /** Written to before replicas are waited for; what it holds is nobody's business. */
  barrier: string;
  /** Stream of events. */
  events: string;
  /** Anything of the webhook: cursor, schedule, outboxes, dead letters. */
  webhook(what: string): string;
  module(name: string): string;
  modules: string;
  /** Hash: how many services use a module. */
  moduleUses: string;
  /** Set once this database holds data, ms: an empty one is either new or was emptied. `emptied`: it was found empty where data is promised. */
  data: string;
  /** Anything that belongs to a Namecheap account. */
  account(id: string, what: string): string;
}

/** The keys under a prefix such as `{pmnamecheap}`. */
export function createKeys(prefix: string): Keys {
  return {
    certificate: (serviceId) => `${prefix}:certificate:${serviceId}`,
    history: (serviceId) => `${prefix}:history:${serviceId}`,
    open: `${prefix}:open`,
    due: `${prefix}:due`,
    errands: `${prefix}:errands`,
    placed: `${prefix}:placed`,
    services: `${prefix}:services`,
    barrier: `${prefix}:barrier`,
    events: `${prefix}:events`,
    webhook: (what) => `${prefix}:webhook:${what}`,
    module: (name) => `${prefix}:module:${name}`,
    modules: `${prefix}:modules`,
    moduleUses: `${prefix}:module-uses`,
    data: `${prefix}:data`,
    account: (id, what) => `${prefix}:account:${id}:${what}`,
  };
}
