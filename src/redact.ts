/**
 * Secrets that this process has held (API keys, sealing keys). They are masked in every log line and every
 * error message, wherever the text came from: redaction by value needs no caller to remember anything.
 */
const secrets = new Set<string>();

/** The same, longest first: a secret that contains another one must not leave its ends behind. */
let longestFirst: string[] = [];

const MASK = '*****';

/** Shorter values would mask innocent text; Namecheap's keys have 32 characters. */
const SHORTEST_SECRET = 8;

/** `ApiKey=…`, `"sealedKey": "…"`, `password: …`, also inside JSON inside JSON (`\"`). */
const NAMED =
  /\b(api[_-]?key|sealed[_-]?key|secret(?:[_-]?key)?|password)(\\?"?\s*[=:]\s*\\?"?)[^&\s"'\\,}<]+/gi;

/** The user and password of a URL. */
const USERINFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'@]+@/gi;

/** Remembers a secret so that {@link redact} masks it, also in its URL-encoded and form-encoded shapes. */
export function keepSecret(secret: string): void {
  if (secret.length < SHORTEST_SECRET) return;
  secrets.add(secret);
  // Half a surrogate pair has no encoding: on the wire it becomes U+FFFD, as it does here.
  secrets.add(encodeURIComponent(Buffer.from(secret).toString()));
  secrets.add(new URLSearchParams({ '': secret }).toString().slice(1));
  longestFirst = [...secrets].sort((one, other) => other.length - one.length);
}

/** The text with every known secret, every `ApiKey=…`-like pair and the credentials of every URL masked. */
export function redact(text: string): string {
  let result = text;
  for (const secret of longestFirst) result = result.replaceAll(secret, MASK);
  return result.replace(NAMED, `$1$2${MASK}`).replace(USERINFO, `$1${MASK}@`);
}
