import { z } from 'zod';
import { findProduct, spellType } from '../../config/products.js';
import { gatherFacts } from './facts.js';
import type { Fault } from './fault.js';
import type { World } from './world.js';

/** All that Redis holds of one world: key → what DUMP says. */
export type Copy = Map<string, Buffer>;

async function listKeys({ store, prefix }: World): Promise<string[]> {
  return z.array(z.string()).parse(await store.redis.keys(`${prefix}*`));
}

export async function copyData(world: World): Promise<Copy> {
  const copy: Copy = new Map();
  for (const key of await listKeys(world)) {
    copy.set(key, await world.redis.client.dumpBuffer(key));
  }
  return copy;
}

/** The database is what the copy has, or empty but for the module, and another process answers from now on. */
export async function loseData(
  world: World,
  { isEmptied }: Extract<Fault, { kind: 'data-loss' }>,
  copy: Copy,
): Promise<void> {
  const { client } = world.redis;
  // Who has seen data knows that an empty database has lost it; before the first contact with the account nothing was bought.
  const gate = world.store.keys.account(world.account, 'gate');
  if ((await client.hexists(gate, 'server')) === 1) world.hasData = true;
  const keys = await listKeys(world);
  if (keys.length > 0) await client.del(...keys);
  // The jobs were in the same database; the requests are sent again in the end.
  world.queue.length = 0;
  if (isEmptied) await world.store.modules.save(world.module);
  else for (const [key, dump] of copy) await client.restore(key, 0, dump);
  world.redis.epoch++;
}

/** I10: no purchase begins on a Redis on which the books were not compared. @param answer of the script that begins one */
export async function watchGate(world: World, answer: unknown): Promise<void> {
  if (!Array.isArray(answer) || answer[0] !== 'begun') return;
  const gate = world.store.keys.account(world.account, 'gate');
  const compared = await world.store.redis.hget(gate, 'server');
  const { identity } = world.redis;
  if (compared !== identity)
    world.violations.push(`I10 a purchase began on ${identity}, compared was ${String(compared)}`);
}

/**
 * What people do as the sentences tell them: they say whose the undecided certificates are, and have an empty database
 * compared with Namecheap.
 */
export async function decideAsTold(world: World): Promise<void> {
  const { gates, stock } = world.store;
  const state = await gates.peek(world.account);
  if (state === null) return;
  if (state.kind === 'empty') {
    if (world.queue.some(({ job }) => job === 'import')) return;
    world.tell('a person: module reconcile');
    world.enqueue('import', { module: world.module.name });
    return;
  }
  const { certificates, charges } = await gatherFacts(world);
  const at = new Date(world.time).toISOString();
  for (const id of state.certificateIds) {
    const seen = certificates.find(({ certificateId }) => certificateId === id);
    const years = charges.find(({ certificateId }) => certificateId === id)?.years ?? 1;
    if (seen === undefined) throw new Error(`certificate ${id} is undecided and does not exist`);
    world.tell(`a person: stock mark ${id} ${seen.byHand === true ? '--foreign' : '--ours'}`);
    if (seen.byHand === true) await stock.markForeign(world.account, id, at);
    else
      await stock.markOurs(world.account, id, {
        product: findProduct(seen.type)?.canonical ?? '',
        ...{ type: spellType(seen.type), years, sansToAdd: 0, purchaseId: 'by-hand', since: at },
      });
  }
}
