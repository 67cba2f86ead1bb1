import { isIPv4 } from 'node:net';
import { InputError } from '../errors.js';

/** Namecheap's own endpoints ("Introduction" of the API documentation). The sandbox is another account with another key. */
export const PRODUCTION_ENDPOINT = 'https://api.namecheap.com/xml.response';
export const SANDBOX_ENDPOINT = 'https://api.sandbox.namecheap.com/xml.response';

/**
 * Refuses an endpoint that the API key must not be sent to: https only, or http on this machine (127.0.0.0/8, ::1,
 * localhost), without credentials, query and fragment.
 * @throws InputError naming every fault.
 */
export function checkEndpoint(endpoint: string): void {
  const url = parseUrl(endpoint);
  if (url === null) throw new InputError([`give a full URL such as ${PRODUCTION_ENDPOINT}`], 'The endpoint');
  const faults: string[] = [];
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    faults.push('use https; http is allowed on 127.0.0.1, ::1 and localhost only');
  }
  if (url.username !== '' || url.password !== '') faults.push('leave user name and password out of the URL');
  if (url.search !== '' || endpoint.includes('?'))
    faults.push('leave out the query: parameters travel in the body');
  if (url.hash !== '' || endpoint.includes('#')) faults.push('leave out the fragment');
  if (faults.length > 0) throw new InputError(faults, 'The endpoint');
}

/** True when calls may cost real money: anywhere but Namecheap's sandbox and this machine, also behind a proxy. */
export function isProductionEndpoint(endpoint: string): boolean {
  const url = parseUrl(endpoint);
  if (url === null) return true;
  return !isLoopback(url) && url.hostname !== new URL(SANDBOX_ENDPOINT).hostname;
}

/** `URL` has already brought every spelling of an address (0x7f.1, [0:0::1]) into its normal form. */
function isLoopback({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
