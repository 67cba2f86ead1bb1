import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { FailError } from '../errors.js';
import { keepSecret } from '../redact.js';
import { describeAccount, type AccountIdentity } from './settings.js';

/** Bound to the account; `v1`, of former versions, was not, and still opens. */
const VERSION = 'v2';
const OLD_VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Binds a sealed key to its purpose: a sealed text of another kind does not open. */
const PURPOSE = 'pmnamecheap api key';

/**
 * How a sealed key stands to the secret keys at hand. `present`: sealed with the present one; `previous`: with the
 * previous one; `unbound`: in the former way, which does not bind it to its account; `closed`: it does not open.
 */
export type SealState = 'present' | 'previous' | 'unbound' | 'closed';

/** Tells by which key a text was sealed, without telling the key. */
function fingerprintKey(key: Buffer): string {
  return createHash('sha256').update('pmnamecheap key id').update(key).digest('hex').slice(0, 8);
}

/**
 * What is authenticated besides the key itself. With the account in it nobody who can write into Redis, or add a test
 * job, can have the key of one account opened and sent to an endpoint of his own.
 */
function composeContext(version: string, account: AccountIdentity): Buffer {
  return Buffer.from(version === OLD_VERSION ? PURPOSE : `${PURPOSE} for ${describeAccount(account)}`);
}

/**
 * Seals an API key with AES-256-GCM before it enters Redis or a job; it opens for this account only.
 * @param secretKey PMNAMECHEAP_SECRET_KEY: 32 bytes, base64.
 */
export function sealKey(apiKey: string, secretKey: string, account: AccountIdentity): string {
  keepSecret(apiKey);
  const key = Buffer.from(secretKey, 'base64');
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(composeContext(VERSION, account));
  const sealed = Buffer.concat([cipher.update(apiKey, 'utf8'), cipher.final()]);
  const body = Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  return `${VERSION}.${fingerprintKey(key)}.${body}`;
}

/**
 * Opens the sealed API key of an account, with the present secret key or the previous one.
 * @throws FailError ERR_SEALED_KEY when neither sealed it, it was sealed for another account, or it was altered.
 */
export function openKey(sealedKey: string, secretKeys: readonly string[], account: AccountIdentity): string {
  const { version, keyId, body } = split(sealedKey);
  const key = secretKeys
    .map((text) => Buffer.from(text, 'base64'))
    .find((candidate) => fingerprintKey(candidate) === keyId);
  if (key === undefined)
    throw cannotOpen(
      'was sealed with another PMNAMECHEAP_SECRET_KEY: give workers and commands the same one',
    );
  const bytes = Buffer.from(body, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(composeContext(version, account))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const opened = Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8');
    keepSecret(opened);
    return opened;
  } catch {
    throw cannotOpen(
      'was sealed for another account (endpoint and Username), or the sealed text was altered',
    );
  }
}

/** How a sealed key would open; it is not told. */
export function inspectSeal(
  sealedKey: string,
  secretKeys: readonly string[],
  account: AccountIdentity,
): SealState {
  try {
    openKey(sealedKey, secretKeys, account);
  } catch {
    return 'closed';
  }
  const { version, keyId } = split(sealedKey);
  const [present = ''] = secretKeys;
  if (keyId !== fingerprintKey(Buffer.from(present, 'base64'))) return 'previous';
  return version === VERSION ? 'present' : 'unbound';
}

function split(sealedKey: string): { version: string; keyId: string; body: string } {
  const [, version, keyId, body] = /^(v[12])\.([0-9a-f]{8})\.([\w-]+)$/.exec(sealedKey) ?? [];
  if (version === undefined || keyId === undefined || body === undefined)
    throw cannotOpen('is not in a sealed form that this version knows');
  return { version, keyId, body };
}

function cannotOpen(why: string): FailError {
  return new FailError(`The sealed API key ${why}. Or run module add again.`, 'ERR_SEALED_KEY');
}
