import { z } from 'zod';

/** The API's own limit for the parameter CSR, in characters. */
export const MAX_CSR_LENGTH = 32_767;

export type PemReading = { der: Buffer; fault: null } | { der: null; fault: string };

const LABEL = 'CERTIFICATE REQUEST';
const BOUNDARY = /-----(BEGIN|END) ([^\r\n-]+)-----/g;
const BLOCK = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([^-]*)-----END (?:NEW )?CERTIFICATE REQUEST-----/;

const PRIVATE_KEY_FAULT =
  'it holds a private key, which must never be sent to anybody. Nothing was sent on; send only the BEGIN CERTIFICATE REQUEST block, ' +
  'and consider that key as disclosed: make a new one';

const fault = (text: string): PemReading => ({ der: null, fault: text });

/** True when a private key was pasted along, in whichever of the PEM forms. */
export function containsPrivateKey(text: string): boolean {
  return /PRIVATE\s+KEY/i.test(text);
}

/**
 * Takes the one request out of a PEM text (RFC 7468). Text around the block, as `openssl req -text` prints it, is
 * allowed; a second block is not. Faults never repeat the text.
 */
export function readPem(text: string): PemReading {
  if (containsPrivateKey(text)) return fault(PRIVATE_KEY_FAULT);
  if (text.length > MAX_CSR_LENGTH) return fault(`it is longer than ${MAX_CSR_LENGTH} characters`);
  const boundaries = [...text.matchAll(BOUNDARY)].map((match) => match[2]);
  if (boundaries.length === 0)
    return fault('it is not PEM: it must begin with -----BEGIN CERTIFICATE REQUEST-----');
  const strange = boundaries.find((label) => label !== LABEL && label !== `NEW ${LABEL}`);
  if (strange !== undefined)
    return fault(`it holds a "${strange.slice(0, 40)}" block; send the CERTIFICATE REQUEST only`);
  const body = BLOCK.exec(text)?.[1];
  if (boundaries.length !== 2 || body === undefined)
    return fault('it must hold exactly one whole CERTIFICATE REQUEST block');
  const der = decodeBase64(body.replace(/\s+/g, ''));
  return der === null
    ? fault('its content is not base64: the text was damaged on its way')
    : { der, fault: null };
}

function decodeBase64(text: string): Buffer | null {
  // Buffer skips what is not base64; only a text that comes out as it went in was whole.
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : null;
}

/** The request as we store and send it: label CERTIFICATE REQUEST, lines of 64 characters, LF, one at the end. */
export function formatPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${LABEL}-----`, ...lines, `-----END ${LABEL}-----`, ''].join('\n');
}

/** The text in the form of {@link formatPem} where it can be read, else only trimmed. */
export function normalizePem(text: string): string {
  const reading = readPem(text);
  return reading.fault === null ? formatPem(reading.der) : text.trim();
}

/** A CSR in a payload. Its form is judged here already: a private key must not be stored anywhere, and faults are listed with all others. */
export const csrTextSchema = z.string().superRefine((text, context) => {
  const { fault: message } = readPem(text);
  if (message !== null) context.addIssue({ code: 'custom', message });
});
