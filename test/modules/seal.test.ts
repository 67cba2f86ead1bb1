import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openKey, sealKey } from '../../src/modules/seal.js';
import { accountId } from '../../src/modules/settings.js';

const [present, previous, foreign] = [1, 2, 3].map(() => randomBytes(32).toString('base64')) as [
  string,
  string,
  string,
];
const API_KEY = 'an-api-key-0123456789abcdef';

describe('a sealed API key', () => {
  it('opens with the key that sealed it, also when that is the previous one', () => {
    expect(openKey(sealKey(API_KEY, present), [present])).toBe(API_KEY);
    expect(openKey(sealKey(API_KEY, previous), [present, previous])).toBe(API_KEY);
  });

  it('does not show what it holds, and never looks the same twice', () => {
    const sealed = sealKey(API_KEY, present);
    expect(sealed).not.toContain(API_KEY);
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').includes(API_KEY)).toBe(false);
    expect(sealKey(API_KEY, present)).not.toBe(sealed);
  });

  it('does not open with another key, and says what to do', () => {
    expect(() => openKey(sealKey(API_KEY, foreign), [present, previous])).toThrow(/PMNAMECHEAP_SECRET_KEY/);
  });

  it('does not open when any byte of it was changed', () => {
    const [version, keyId, body = ''] = sealKey(API_KEY, present).split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => openKey(`${version}.${keyId}.${changed.toString('base64url')}`, [present])).toThrow(
        /sealed/,
      );
    }
  });

  it.each(['', 'v1', 'v1.x', 'v2.a.b', 'not sealed at all'])('refuses %j', (text) => {
    expect(() => openKey(text, [present])).toThrow(/sealed/);
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
