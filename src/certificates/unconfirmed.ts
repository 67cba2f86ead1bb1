/** Between two tries while a replica does not confirm, ms: a primary counts a silent one as lost after 10 s. */
export const UNCONFIRMED_MS = 5000;

/** Why a call was not made, for people. `count`: the replicas that did not confirm its intent. */
export function describeUnconfirmed(what: string, count: number): string {
  const replicas = count === 1 ? '1 replica of Redis has' : `${count} replicas of Redis have`;
  return `${what}: ${replicas} not confirmed the intent within a second, and a failover would forget it. It is tried again by itself; pmnamecheap doctor shows the replicas.`;
}
