import type { JobDefinition } from '../src/job.js';
import { approvers } from './approvers.js';
import { balance } from './balance.js';
import { collect } from './collect.js';
import { order } from './order.js';
import { prices } from './prices.js';
import { test } from './test.js';

/** Every job of this system, by name. A new job is a file beside this one and a line here. */
export const jobs: ReadonlyMap<string, JobDefinition> = new Map(
  [order, test, collect, approvers, balance, prices].map((definition) => [
    definition.name,
    definition as JobDefinition,
  ]),
);
