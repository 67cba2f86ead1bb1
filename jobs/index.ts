import type { JobDefinition } from '../src/job.js';
import { approvers } from './approvers.js';
import { audit } from './audit.js';
import { balance } from './balance.js';
import { close } from './close.js';
import { collect } from './collect.js';
import { dcv } from './dcv.js';
import { importJob } from './import.js';
import { notify } from './notify.js';
import { order } from './order.js';
import { prices } from './prices.js';
import { reissue } from './reissue.js';
import { renew } from './renew.js';
import { revoke } from './revoke.js';
import { resolve } from './resolve.js';
import { scan } from './scan.js';
import { sync } from './sync.js';
import { test } from './test.js';

/** Every job of this system, by name. A new job is a file beside this one and a line here. */
export const jobs: ReadonlyMap<string, JobDefinition> = new Map(
  [
    ...[order, renew, reissue, dcv, sync, revoke, close, resolve],
    ...[test, approvers, balance, prices, importJob, collect, scan, notify, audit],
  ].map((definition) => [definition.name, definition as JobDefinition]),
);
