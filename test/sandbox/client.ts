import { expect } from 'vitest';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/server.js';

export type Fields = Readonly<Record<string, string>>;

/** A well-formed answer of the API. */
export interface Answer {
  httpStatus: number;
  status: string;
  numbers: number[];
  texts: string[];
  raw: string;
}

/** A sandbox on any port, without limits unless told otherwise. */
export function start(options: SandboxOptions = {}): Promise<Sandbox> {
  return startSandbox({ port: 0, limits: [0, 0, 0], validationDelayMs: 0, ...options });
}

export function credentialsOf({ account }: Sandbox): Fields {
  return {
    ApiUser: account.user,
    ApiKey: account.apiKey,
    UserName: account.user,
    ClientIp: account.clientIp,
  };
}

/** One raw exchange; `command` without `namecheap.`. */
export function send(sandbox: Sandbox, command: string, fields: Fields = {}): Promise<Response> {
  const body = new URLSearchParams({
    ...credentialsOf(sandbox),
    Command: `namecheap.${command}`,
    ...fields,
  });
  return fetch(sandbox.url, { method: 'POST', body });
}

/** One exchange that must end in well-formed XML. */
export async function call(sandbox: Sandbox, command: string, fields: Fields = {}): Promise<Answer> {
  return readAnswer(await send(sandbox, command, fields));
}

export async function readAnswer(response: Response): Promise<Answer> {
  const raw = await response.text();
  expectWellFormed(raw);
  const errors = readAttributes(raw, 'Error');
  return {
    httpStatus: response.status,
    status: readAttributes(raw, 'ApiResponse')[0]?.['Status'] ?? '',
    numbers: errors.map((error) => Number(error['Number'])),
    texts: readTexts(raw, 'Error'),
    raw,
  };
}

/** Fails unless the elements nest, there is one root, and no stray `&` or `<` is left. */
function expectWellFormed(raw: string): void {
  const body = raw
    .replace(/^<\?xml version="1\.0" encoding="utf-8"\?>\n/iu, '')
    .replace(/<!\[CDATA\[[^]*?\]\]>/gu, '');
  const open: string[] = [];
  const rest = body.replace(
    /<(\/?)([A-Za-z]+)(?: [A-Za-z:]+="[^"<]*")*(\/?)>/gu,
    (tag, end, name: string, empty) => {
      if (end === '/') expect(open.pop()).toBe(name);
      else if (empty !== '/') open.push(name);
      return open.length === 0 ? '' : tag.replaceAll(/[<>]/gu, '');
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot);)/u);
}

/** The attributes of every element of that name, in order. */
export function readAttributes(raw: string, name: string): Record<string, string>[] {
  const tags = raw.matchAll(new RegExp(`<${name}((?: [A-Za-z:]+="[^"]*")*)/?>`, 'gu'));
  return [...tags].map((tag) =>
    Object.fromEntries(
      [...(tag[1] ?? '').matchAll(/ ([A-Za-z:]+)="([^"]*)"/gu)].map(([, key = '', value = '']) => [
        key,
        value,
      ]),
    ),
  );
}

/** The texts of every element of that name, CDATA taken off. */
export function readTexts(raw: string, name: string): string[] {
  const elements = raw.matchAll(
    new RegExp(`<${name}(?: [^>]*)?>([^<]*|<!\\[CDATA\\[[^]*?\\]\\]>)</${name}>`, 'gu'),
  );
  return [...elements].map((match) => (match[1] ?? '').replace(/^<!\[CDATA\[([^]*)\]\]>$/u, '$1'));
}

/** All PEM certificates of an answer, in order. */
export function readCertificates(raw: string): string[] {
  return raw.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu) ?? [];
}

export interface Ledger {
  now: string;
  balance: string;
  charges: Record<string, unknown>[];
  certificates: Record<string, unknown>[];
  calls: { at: string; command: string; outcome: string; numbers: number[]; certificateId?: number }[];
}

export async function admin(
  sandbox: Sandbox,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  return fetch(new URL(path, sandbox.url), {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** An admin call that must work. */
export async function command(sandbox: Sandbox, path: string, body: unknown): Promise<void> {
  const response = await admin(sandbox, 'POST', path, body);
  expect(response.status).toBe(200);
}

export async function readLedger(sandbox: Sandbox): Promise<Ledger> {
  const response = await admin(sandbox, 'GET', '/_ledger');
  expect(response.status).toBe(200);
  return (await response.json()) as Ledger;
}

/** Buys a certificate and returns its id. */
export async function buy(sandbox: Sandbox, type: string, fields: Fields = {}): Promise<string> {
  const answer = await call(sandbox, 'ssl.create', { Type: type, Years: '1', ...fields });
  expect(answer.numbers).toEqual([]);
  return readAttributes(answer.raw, 'SSLCertificate')[0]?.['CertificateID'] ?? '';
}

/** Buys and activates, validated by DNS. */
export async function buyAndActivate(
  sandbox: Sandbox,
  type: string,
  csr: string,
  fields: Fields = {},
): Promise<string> {
  const id = await buy(sandbox, type, fields);
  const answer = await call(sandbox, 'ssl.activate', {
    CertificateID: id,
    CSR: csr,
    DNSDCValidation: 'true',
    ...fields,
  });
  expect(answer.numbers).toEqual([]);
  return id;
}
