import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

function audit(lockfile: string) {
  const argv = ['.ci/audit.mjs', '--offline', '--lockfile', lockfile];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: ROOT, encoding: 'utf8' });
  return { status, stdout, stderr };
}

it('finds nothing wrong with what is locked', () => {
  expect(audit('package-lock.json')).toMatchObject({ status: 0, stderr: '' });
});

type Lock = { packages: Record<string, Record<string, unknown>> };

it.each<[string, Record<string, unknown>, RegExp]>([
  ['an install script', { hasInstallScript: true }, /zod .*: runs a script/],
  ['no integrity', { integrity: undefined }, /zod .*: has no sha512/],
  ['a weak integrity', { integrity: 'sha1-AAAA' }, /zod .*: has no sha512/],
  ['a registry by name', { resolved: 'https://mirror.example/zod.tgz' }, /mirror\.example/],
  ['a licence that is not listed', { license: 'GPL-3.0' }, /GPL-3\.0/],
  ['one of two licences that is not listed', { license: 'MIT AND GPL-3.0' }, /GPL-3\.0/],
  ['no licence', { license: undefined }, /unknown/],
  ['a deprecation', { deprecated: 'use something else' }, /is deprecated: use/],
  ['a link', { link: true }, /is a link/],
])('finds %s', (_name, change, said) => {
  const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  Object.assign(lock.packages['node_modules/zod'] ?? {}, change);
  expect(auditText(JSON.stringify(lock))).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(said) as string,
  });
});

it.each(['git+https://example.com/zod.git', 'https://example.com/zod.tgz', 'file:../zod', '^4.0.0', '*'])(
  'finds a dependency on %s',
  (range) => {
    const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
    Object.assign(lock.packages['']?.['dependencies'] ?? {}, { zod: range });
    const { status, stderr } = auditText(JSON.stringify(lock));
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining(range) as string });
  },
);

it.each(['', '{}', '{"lockfileVersion":1,"packages":{"":{}}}'])('exits 2 for a lock file like %j', (text) => {
  expect(auditText(text).status).toBe(2);
});

function auditText(text: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pmnamecheap-audit-'));
  try {
    writeFileSync(path.join(folder, 'lock.json'), text);
    return audit(path.join(folder, 'lock.json'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
