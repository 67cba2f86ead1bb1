import type { App } from '../app.js';
import { inspectDurability } from '../store/durability.js';
import type { Durability } from '../store/durability-rules.js';
import { isLost } from '../store/info.js';
import type { Finding } from './doctor-checks.js';

/** Redis as purchases depend on it: fails where a worker would refuse them. */
export async function checkRedis(app: App): Promise<Finding[]> {
  const { redis, keys } = app.store;
  const durability = await inspectDurability(redis, keys.barrier);
  const { version, isSupported } = durability;
  return [
    { check: 'redis', state: 'ok', detail: 'answers' },
    {
      check: 'redis-version',
      state: isSupported ? 'ok' : 'fail',
      detail: isSupported ? version : `${version || 'unknown'}: too old, see redis-durability`,
    },
    judgeKeeping(durability, app.environment.isVolatileAllowed),
    judgeReplicas(durability, app.environment.redis.kind !== 'url'),
  ];
}

function judgeKeeping({ faults, advice }: Durability, isAllowed: boolean): Finding {
  const check = 'redis-durability';
  if (faults.length === 0 && advice.length === 0)
    return { check, state: 'ok', detail: 'every acknowledged write is on disk' };
  const found = [...faults, ...advice].join('; ');
  if (faults.length === 0) return { check, state: 'warn', detail: found };
  const volatility = `${found}. A crash could lose the record of a purchase`;
  return isAllowed
    ? { check, state: 'warn', detail: `${volatility}; PMNAMECHEAP_ALLOW_VOLATILE=1 accepts that` }
    : { check, state: 'fail', detail: `${volatility}, so nothing is bought in production` };
}

/** `needsReplica`: Sentinel or a Cluster, which are there for failing over. */
function judgeReplicas({ replicas }: Durability, needsReplica: boolean): Finding {
  const check = 'redis-replicas';
  const ready = replicas.filter((replica) => !isLost(replica)).length;
  if (ready < replicas.length)
    return { check, state: 'warn', detail: `${ready} of ${replicas.length} are up to date` };
  if (ready > 0) return { check, state: 'ok', detail: `${ready}, each confirms an intent before its call` };
  const detail = 'none: this machine keeps everything alone';
  return needsReplica
    ? { check, state: 'warn', detail: `${detail}, and a failover has nowhere to go: start one` }
    : { check, state: 'ok', detail };
}
