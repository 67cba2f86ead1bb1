import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeTestRecord } from '../helpers/records.js';
import { System } from '../helpers/system.js';
import { readWholeRedis, run } from './command-line.js';

let system: System;
let file: string;
const pm = (...argv: string[]) => run(['certificate', ...argv], { env: system.environment });
const there = (...argv: string[]) =>
  run(['certificate', ...argv], { env: { ...system.environment, PMNAMECHEAP_PREFIX: '{there}' } });

beforeAll(async () => {
  system = await System.start({ worker: false });
  file = path.join(system.folder, 'export.jsonl');
  for (const serviceId of ['1', '2']) {
    const { record, request } = composeTestRecord(serviceId);
    await system.app.store.certificates.create(record, request, { cause: 'kept' });
  }
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

describe('certificate export', () => {
  it('replaces a file with a private one only when it is complete', async () => {
    await writeFile(file, 'old');
    await chmod(file, 0o644);
    expect((await pm('export', file)).code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, 'utf8')).split('\n')[0]).toMatch(
      /^\{"kind":"pmnamecheap-export","version":1,"at":"[^"]+","prefix":"\{pmnamecheap\}"\}$/,
    );
    const stopped = await run(['certificate', 'export', file], {
      env: system.environment,
      stop: AbortSignal.abort(),
    });
    expect(stopped).toMatchObject({ code: 1, stderr: 'Stopped: the export is not complete.\n' });
    expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(4);
    expect((await readdir(system.folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('exits 2 where no file can be, 1 where it cannot be replaced, and leaves nothing behind', async () => {
    const folder = path.join(system.folder, 'taken');
    await mkdir(folder);
    expect(await pm('export', path.join(system.folder, 'no', 'x'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot create') as string,
    });
    expect((await pm('export', folder)).code).toBe(1);
    expect((await readdir(system.folder)).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('exits 1 when a restore would refuse what it wrote', async () => {
    const key = system.app.store.keys.certificate('2');
    const status = await system.app.store.redis.hget(key, 'status');
    await system.app.store.redis.hset(key, 'status', 'frozen');
    const { code, stderr, stdout } = await pm('export');
    await system.app.store.redis.hset(key, 'status', status ?? '');
    expect(code).toBe(1);
    expect(stderr).toContain('service 2: fields.status: differs from the status in the record');
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
  });
});

describe('certificate restore', () => {
  const change = async (text: (lines: string[]) => string): Promise<string> => {
    const other = path.join(system.folder, 'other.jsonl');
    await writeFile(other, text((await readFile(file, 'utf8')).trimEnd().split('\n')));
    return other;
  };

  it.each<[string, (lines: string[]) => string]>([
    ['truncated', (lines) => lines.slice(0, -1).join('\n')],
    ['cut within a line', (lines) => lines.join('\n').slice(0, -20)],
    ['altered', (lines) => `${lines.join('\n').replace('"years":1', '"years":2')}\n`],
    ['foreign', () => 'id;name\n1;x\n'],
    ['empty', () => ''],
  ])('refuses a file that is %s: exit 2, nothing is changed', async (_, text) => {
    await pm('export', file);
    const before = await readWholeRedis(system.app.store.redis);
    const { code, stderr } = await there('restore', await change(text));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: line \d+: /);
    expect(await readWholeRedis(system.app.store.redis)).toBe(before);
  });

  it('refuses what is not a file', async () => {
    for (const name of [system.folder, path.join(system.folder, 'none')])
      expect(await there('restore', name)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('FILE: ') as string,
      });
  });

  it('restores, reports what differs with exit 0, replaces on demand, and exits 1 for a conflict', async () => {
    await pm('export', file);
    expect((await there('restore', file)).stdout).toMatch(/^Restored 2 services from the export of /);
    const { record } = composeTestRecord('1');
    const stored = await system.app.store.certificates.load('1');
    const before = stored?.record ?? record;
    await system.app.store.certificates.save({
      before,
      after: { ...before, problem: 'changed', certificateId: 5 },
      change: { cause: 'changed' },
    });
    await pm('export', file);
    const differs = await there('restore', file);
    expect(differs).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^service 1 differs/) as string,
    });
    expect((await there('restore', file, '--replace')).stdout).toContain('replaced 1, 1 were there already');
    await system.app.store.redis.hset(`{third}:account:${record.account}:claims`, '5', 'somebody');
    const third = { ...system.environment, PMNAMECHEAP_PREFIX: '{third}' };
    const conflict = await run(['certificate', 'restore', file], { env: third });
    expect(conflict).toMatchObject({ code: 1 });
    expect(conflict.stderr).toContain(
      'conflict: service 1: its certificate 5 belongs to service somebody here',
    );
    expect(conflict.stdout).toContain('Restored 1 services');
  });
});
