import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, type ClosableLogger, type LoggerOptions } from '../../src/log/create-logger.js';
import { keepSecret } from '../../src/redact.js';

const WITHIN = { timeout: 15_000, interval: 25 };
const BUILT = pathToFileURL(join(import.meta.dirname, '../../dist/src/log/create-logger.js')).href;

let folder = '';
let file = '';
let debugConf = '';
let open: ClosableLogger[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  file = join(folder, 'var/deep/pmnamecheap.log');
  debugConf = join(folder, 'debug.conf');
});
afterEach(async () => {
  await Promise.all(open.map((logger) => logger.close()));
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

function start(options: Partial<LoggerOptions> = {}): ClosableLogger {
  const logger = createLogger({ file, debugConf, ...options });
  open.push(logger);
  return logger;
}

const read = (path = file) => readFileSync(path, 'utf8').split('\n').slice(0, -1);

/** The lines without time and process. */
const texts = (path = file) => read(path).map((line) => line.replace(/^.*?\] /, ''));

describe('the log file', () => {
  it('is made with its folder, and not for everybody on the machine', () => {
    start().log(5, 'order', 'hello');
    expect(read()[0]).toMatch(
      new RegExp(`^[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\[${process.pid}:1\\] order INFO hello$`),
    );
    expect(statSync(file).mode & 0o007).toBe(0);
  });

  it('is appended to', async () => {
    const first = start();
    first.log(5, 'order', 'one');
    await first.close();
    start().log(5, 'order', 'two');
    expect(texts()).toEqual(['order INFO one', 'order INFO two']);
  });

  it('has one line per entry', () => {
    start().log(3, 'order', 'first\nsecond');
    expect(texts()).toEqual(['order ERROR first\\nsecond']);
  });

  it('never holds a secret', () => {
    keepSecret('fedcba9876543210fedcba9876543210');
    start().log(5, 'order', 'key fedcba9876543210fedcba9876543210, ApiKey=xyz');
    expect(texts()).toEqual(['order INFO key *****, ApiKey=*****']);
  });

  it('is made anew when somebody moved or deleted it', () => {
    const logger = start();
    logger.log(5, 'order', 'one');
    renameSync(file, `${file}.old`);
    logger.log(5, 'order', 'two');
    unlinkSync(file);
    logger.log(5, 'order', 'three');
    expect(texts(`${file}.old`)).toEqual(['order INFO one']);
    expect(texts()).toEqual(['order INFO three']);
  });

  it('has every line even when the process exits at once', () => {
    const source = `
      const { createLogger } = await import(${JSON.stringify(BUILT)});
      const logger = createLogger(${JSON.stringify({ file, debugConf })});
      for (let n = 0; n < 20000; n += 1) logger.log(5, 'order', 'line ' + n);
      process.exit();`;
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', source]).status).toBe(0);
    expect(texts()).toEqual(Array.from({ length: 20_000 }, (_, n) => `order INFO line ${n}`));
  });

  it('gets nothing after it was closed', async () => {
    const logger = start();
    logger.log(5, 'order', 'one');
    await logger.close();
    await logger.close();
    logger.log(5, 'order', 'two');
    expect(logger.isEnabled(1, 'order')).toBe(false);
    expect(texts()).toEqual(['order INFO one']);
  });
});

describe('a file that cannot be written', () => {
  it('is complained about once, and used again as soon as it can be', async () => {
    writeFileSync(join(folder, 'var'), 'a file where the folder should be');
    const console = new PassThrough();
    const logger = start({ console });
    logger.log(5, 'order', 'one');
    logger.log(5, 'order', 'two');
    const shown = String(console.read());
    expect(shown.match(/the log cannot be written \(Error: (ENOTDIR|EEXIST)/g)).toHaveLength(1);
    expect(shown).toContain('work goes on without it');
    expect(shown).toContain('order INFO two');

    rmSync(join(folder, 'var'));
    mkdirSync(join(folder, 'var'));
    await vi.waitFor(() => {
      logger.log(5, 'order', 'again');
      expect(texts()[1]).toBe('order INFO again');
    }, WITHIN);
    expect(texts()[0]).toMatch(/^log WARNING \d+ lines could not be written before this one$/);
  });

  it('is complained about on stderr when there is no console', () => {
    const source = `
      const { createLogger } = await import(${JSON.stringify(BUILT)});
      createLogger(${JSON.stringify({ file: '/dev/null/x.log', debugConf })}).log(5, 'order', 'lost');
      process.stdout.write('still here');`;
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
    expect(result.stdout).toBe('still here');
    expect(result.stderr).toContain('/dev/null/x.log: the log cannot be written');
  });
});

describe('levels', () => {
  it('are 5 without a debug.conf', () => {
    const logger = start();
    for (const level of [1, 2, 3, 4, 5, 6, 7, 8, 9] as const) logger.log(level, 'order', 'x');
    expect(texts()).toEqual(['NOTE', 'FATAL', 'ERROR', 'WARNING', 'INFO'].map((name) => `order ${name} x`));
  });

  it('follow the debug.conf when it appears, changes and disappears', async () => {
    const logger = start();
    expect(logger.isEnabled(6, 'order')).toBe(false);
    writeFileSync(debugConf, 'pmnamecheap.* 9\n');
    await vi.waitFor(() => expect(logger.isEnabled(9, 'order')).toBe(true), WITHIN);
    writeFileSync(debugConf, 'pmnamecheap.order 0\n');
    await vi.waitFor(() => expect(logger.isEnabled(1, 'order')).toBe(false), WITHIN);
    expect(logger.isEnabled(5, 'namecheap')).toBe(true);
    unlinkSync(debugConf);
    await vi.waitFor(() => expect(logger.isEnabled(5, 'order')).toBe(true), WITHIN);
  });

  it('say once what was wrong in the debug.conf', () => {
    writeFileSync(debugConf, 'pmnamecheap.*9\nnonsense\npmnamecheap.* 6\n');
    const logger = start();
    logger.log(6, 'order', 'one');
    logger.log(6, 'order', 'two');
    expect(texts()).toEqual([
      `log WARNING Ignored in ${debugConf}: line 1 ("pmnamecheap.*9") is not like "pmnamecheap.* 5"; line 2 ("nonsense") is not like "pmnamecheap.* 5"`,
      'order EXTINFO one',
      'order EXTINFO two',
    ]);
  });

  it('are the defaults when the debug.conf cannot be read, and that is said', () => {
    mkdirSync(debugConf);
    const logger = start();
    logger.log(5, 'order', 'one');
    logger.log(6, 'order', 'two');
    expect(texts()).toHaveLength(2);
    expect(texts()[0]).toContain('it cannot be read (Error: EISDIR');
  });
});

describe('the console', () => {
  it('gets the same lines and stays open', async () => {
    const console = new PassThrough();
    const logger = start({ console });
    logger.log(5, 'order', 'one');
    await logger.close();
    expect(String(console.read())).toBe(`${read()[0] ?? ''}\n`);
    expect(console.writable).toBe(true);
  });
});
