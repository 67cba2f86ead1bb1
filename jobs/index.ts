import type { JobDefinition } from '../src/job.js';
import { collect } from './collect.js';
import { notify } from './notify.js';
import { order } from './order.js';
import { test } from './test.js';

/** Every job of this system, by name. A new job is a file beside this one and a line here. */
export const jobs: ReadonlyMap<string, JobDefinition> = new Map(
  [order, test, collect, notify].map((definition) => [definition.name, definition as JobDefinition]),
);
