import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { FailError } from '../errors.js';
import { keepSecret } from '../redact.js';

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Binds a sealed key to its purpose: a sealed text of another kind does not open. */
const PURPOSE = Buffer.from('pmnamecheap api key');

/** Tells by which key a text was sealed, without telling the key. */
function fingerprintKey(key: Buffer): string {
  return createHash('sha256').update('pmnamecheap key id').update(key).digest('hex').slice(0, 8);
}

/**
 * Seals an API key with AES-256-GCM before it enters Redis or a job.
 * @param secretKey PMNAMECHEAP_SECRET_KEY: 32 bytes, base64.
 */
export function sealKey(apiKey: string, secretKey: string): string {
  keepSecret(apiKey);
  const key = Buffer.from(secretKey, 'base64');
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(PURPOSE);
  const sealed = Buffer.concat([cipher.update(apiKey, 'utf8'), cipher.final()]);
  const body = Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  return `${VERSION}.${fingerprintKey(key)}.${body}`;
}

/**
 * Opens a sealed API key, with the present secret key or the previous one.
 * @throws FailError when neither sealed it, or the text was altered.
 */
export function openKey(sealedKey: string, secretKeys: readonly string[]): string {
  const [version, keyId, body] = sealedKey.split('.');
  const key = secretKeys
    .map((text) => Buffer.from(text, 'base64'))
    .find((candidate) => fingerprintKey(candidate) === keyId);
  if (version !== VERSION || body === undefined || key === undefined) throw cannotOpen();
  const bytes = Buffer.from(body, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(PURPOSE)
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const opened = Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8');
    keepSecret(opened);
    return opened;
  } catch {
    throw cannotOpen();
  }
}

function cannotOpen(): FailError {
  return new FailError(
    'The API key of this module was sealed with another PMNAMECHEAP_SECRET_KEY: give workers and commands the same one, or run module add again.',
    'ERR_SEALED_KEY',
  );
}
