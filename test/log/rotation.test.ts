import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log/create-logger.js';

const BUILT = pathToFileURL(join(import.meta.dirname, '../../dist/src/log/create-logger.js')).href;
const MAX_SIZE = 20_000;

let folder = '';
let file = '';
let debugConf = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-'));
  file = join(folder, 'pmnamecheap.log');
  debugConf = join(folder, 'debug.conf');
  writeFileSync(debugConf, `SET max_log_size=${MAX_SIZE}\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const listArchives = () => readdirSync(join(folder, 'logs')).map((name) => join(folder, 'logs', name));

/** Every text of one component, in archives and the live file. */
function readAll(component: string): string[] {
  const parts = [
    ...listArchives().map((name) => gunzipSync(readFileSync(name)).toString()),
    readFileSync(file, 'utf8'),
  ];
  const mark = `] ${component} INFO `;
  return parts
    .flatMap((part) => part.split('\n').filter((line) => line.includes(mark)))
    .map((line) => line.slice(line.indexOf(mark) + mark.length));
}

describe('rotation', () => {
  it('moves a full file to logs/, compressed; the first line of the new one names it', async () => {
    const logger = createLogger({ file, debugConf });
    for (let n = 0; n < 1_000; n += 1) logger.log(5, 'order', `line ${n}`);
    await logger.close();
    const archives = listArchives().map((name) => basename(name));
    expect(archives.length).toBeGreaterThan(1);
    for (const name of archives) expect(name).toMatch(/^pmnamecheap\.log-\d{8}-\d{6}-\d+\.gz$/);
    const [first = ''] = readFileSync(file, 'utf8').split('\n');
    const named = /log NOTE The log before this line is in (.*)$/.exec(first)?.[1] ?? '';
    expect(listArchives()).toContain(named);
    for (const name of [...archives.map((each) => join(folder, 'logs', each))]) {
      expect(gunzipSync(readFileSync(name)).length).toBeLessThanOrEqual(MAX_SIZE);
    }
    expect(statSync(file).size).toBeLessThanOrEqual(MAX_SIZE);
    expect(new Set(readAll('order'))).toEqual(new Set(Array.from({ length: 1_000 }, (_, n) => `line ${n}`)));
    expect(readAll('order')).toHaveLength(1_000);
  });

  it('loses and repeats no line of several processes that write and rotate at the same time', async () => {
    const names = ['one', 'two', 'three'];
    const source = `
      const { createLogger } = await import(${JSON.stringify(BUILT)});
      const logger = createLogger(${JSON.stringify({ file, debugConf })});
      for (let n = 0; n < 3000; n += 1) {
        logger.log(5, process.argv[1], 'line ' + n);
        if (n % 50 === 0) await new Promise(setImmediate);
      }
      await logger.close();`;
    const children = names.map((name) =>
      spawn(process.execPath, ['--input-type=module', '-e', source, name], { stdio: 'inherit' }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit')) as [number]));
    expect(codes.map(([code]) => code)).toEqual([0, 0, 0]);
    expect(listArchives().filter((name) => !name.endsWith('.gz'))).toEqual([]);
    const expected = Array.from({ length: 3_000 }, (_, n) => `line ${n}`).sort();
    for (const name of names) expect(readAll(name).sort()).toEqual(expected);
  });

  it('waits for a process that is rotating, unless that has died', async () => {
    const next = `${file}.next`;
    writeFileSync(next, '');
    const logger = createLogger({ file, debugConf });
    for (let n = 0; n < 1_000; n += 1) logger.log(5, 'order', `line ${n}`);
    expect(statSync(file).size).toBeGreaterThan(MAX_SIZE);
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(next, longAgo, longAgo);
    for (let n = 1_000; n < 1_010; n += 1) logger.log(5, 'order', `line ${n}`);
    await logger.close();
    expect(statSync(file).size).toBeLessThan(MAX_SIZE);
    expect(readAll('order')).toHaveLength(1_010);
  });

  it('that fails neither loses lines nor stays silent', async () => {
    writeFileSync(join(folder, 'logs'), 'a file where the folder should be');
    const console = new PassThrough();
    let shown = '';
    console.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    const logger = createLogger({ file, debugConf, console });
    for (let n = 0; n < 500; n += 1) logger.log(5, 'order', `line ${n}`);
    await logger.close();
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('order INFO'));
    expect(lines).toHaveLength(500);
    expect(shown.match(/could not be moved away and compressed \(Error: EEXIST/g)).toHaveLength(1);
  });
});
