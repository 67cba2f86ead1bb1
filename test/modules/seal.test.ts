import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inspectSeal, openKey, sealKey } from '../../src/modules/seal.js';
import { accountId } from '../../src/modules/settings.js';

const [present, previous, foreign] = [1, 2, 3].map(() => randomBytes(32).toString('base64')) as [
  string,
  string,
  string,
];
const API_KEY = 'an-api-key-0123456789abcdef';
const ACCOUNT = { username: 'Acme', sandbox: false, endpoint: null };

/** Written by a former version: the API key above, sealed with 32 bytes of 7, bound to no account. */
const FORMER_KEY = Buffer.alloc(32, 7).toString('base64');
const FORMER = 'v1.2ab02d1f.CQkJCQkJCQkJCQkJJIHX12WYbrjYW-G-QPhmK0brqfXOmewKxRvmCNfYkOvhhlTLDY-VowvLIA';

describe('a sealed API key', () => {
  it('opens with the key that sealed it, also when that is the previous one', () => {
    expect(openKey(sealKey(API_KEY, present, ACCOUNT), [present], ACCOUNT)).toBe(API_KEY);
    expect(openKey(sealKey(API_KEY, previous, ACCOUNT), [present, previous], ACCOUNT)).toBe(API_KEY);
  });

  it('does not show what it holds, and never looks the same twice', () => {
    const sealed = sealKey(API_KEY, present, ACCOUNT);
    expect(sealed).not.toContain(API_KEY);
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').includes(API_KEY)).toBe(false);
    expect(sealKey(API_KEY, present, ACCOUNT)).not.toBe(sealed);
  });

  it('does not open with another key, and says what to do', () => {
    expect(() => openKey(sealKey(API_KEY, foreign, ACCOUNT), [present, previous], ACCOUNT)).toThrow(
      /PMNAMECHEAP_SECRET_KEY/,
    );
  });

  it('does not open when any bit of it was changed, or when it was cut anywhere', () => {
    const sealed = sealKey(API_KEY, present, ACCOUNT);
    const [version, keyId, body = ''] = sealed.split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      const at = Math.floor(bit / 8);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << (bit % 8)), at);
      const text = `${version}.${keyId}.${changed.toString('base64url')}`;
      expect(() => openKey(text, [present], ACCOUNT)).toThrow(/altered/);
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openKey(sealed.slice(0, length), [present], ACCOUNT)).toThrow(/sealed/);
    }
  });

  it.each(['', 'v1', 'v1.x', 'v2.a.b', 'v3.2ab02d1f.AAAA', 'v2.2ab02d1f.', 'not sealed at all'])(
    'refuses %j',
    (text) => {
      expect(() => openKey(text, [present, FORMER_KEY], ACCOUNT)).toThrow(/sealed/);
    },
  );
});

describe('the seal is bound to the account', () => {
  it.each([
    ['another endpoint', { ...ACCOUNT, endpoint: 'https://evil.example/xml.response' }],
    ['the sandbox', { ...ACCOUNT, sandbox: true }],
    ['another user', { ...ACCOUNT, username: 'other' }],
  ])('it does not open for %s', (_name, account) => {
    const sealed = sealKey(API_KEY, present, ACCOUNT);
    expect(() => openKey(sealed, [present], account)).toThrow(/another account/);
    expect(inspectSeal(sealed, [present], account)).toBe('closed');
  });

  it('it opens for the same account in another spelling', () => {
    const sealed = sealKey(API_KEY, present, ACCOUNT);
    const spelt = {
      username: 'ACME',
      sandbox: false,
      endpoint: 'https://API.namecheap.com:443/xml.response',
    };
    expect(openKey(sealed, [present], spelt)).toBe(API_KEY);
  });

  it('a text that was bound cannot be passed off as one of former versions, nor the other way round', () => {
    const bound = sealKey(API_KEY, present, ACCOUNT);
    expect(() => openKey(bound.replace('v2.', 'v1.'), [present], ACCOUNT)).toThrow(/altered/);
    expect(() => openKey(FORMER.replace('v1.', 'v2.'), [FORMER_KEY], ACCOUNT)).toThrow(/altered/);
  });
});

describe('a seal of former versions', () => {
  it('still opens, and is told apart', () => {
    expect(openKey(FORMER, [present, FORMER_KEY], ACCOUNT)).toBe(API_KEY);
    expect(inspectSeal(FORMER, [FORMER_KEY], ACCOUNT)).toBe('unbound');
    expect(inspectSeal(FORMER, [present, FORMER_KEY], ACCOUNT)).toBe('previous');
    expect(inspectSeal(FORMER, [present], ACCOUNT)).toBe('closed');
  });
});

describe('an account', () => {
  const settings = { username: 'Acme', sandbox: false, endpoint: null };

  it('is the same for every spelling of its name and URL, and another one elsewhere', () => {
    const id = accountId(settings);
    expect(accountId({ ...settings, username: 'acme' })).toBe(id);
    expect(accountId({ ...settings, endpoint: 'https://API.namecheap.com/xml.response' })).toBe(id);
    expect(accountId({ ...settings, sandbox: true })).not.toBe(id);
    expect(accountId({ ...settings, username: 'other' })).not.toBe(id);
  });
});
