import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Answer = (response: ServerResponse, form: string, key: string) => void;

function envelope(number: string, text: string): string {
  return `<ApiResponse Status="ERROR"><Errors><Error Number="${number}">${text}</Error></Errors></ApiResponse>`;
}

/** Everything a server, a proxy in front of it, or somebody in between may answer: each shows the request, and with it the API key. */
export const ECHOES: Readonly<Record<string, Answer>> = {
  'http-500': (response, form) => response.writeHead(500).end(form),
  html: (response, form) => response.end(`<!DOCTYPE html><html><body>${form}</body></html>`),
  redirect: (response, form) =>
    response.writeHead(302, { location: `http://127.0.0.1:1/?${form}` }).end(form),
  truncated: (response, form) =>
    response.end(`<?xml version="1.0"?><ApiResponse Status="OK"><Errors/><Warnings>${encode(form)}`),
  throttled: (response, form) => response.writeHead(405).end(form),
  'wrong credentials': (response, _form, key) =>
    response.end(envelope('1011102', `API Key ${key} is invalid or API access has not been enabled`)),
  'wrong address': (response, _form, key) => response.end(envelope('1011150', `Invalid request IP: ${key}`)),
  'an unlisted error': (response, form) => response.end(envelope('9999999', encode(form))),
  'a field too much': (response, form, key) =>
    response.end(
      `<ApiResponse Status="OK" echo="${encode(form)}"><Errors/><CommandResponse Type="${key}"/></ApiResponse>`,
    ),
  'a DTD': (response, form) => response.end(`<!DOCTYPE x [<!ENTITY k "${encode(form)}">]><x>&k;</x>`),
  'a header that is none': (response, form) =>
    response.socket?.end(`HTTP/1.1 200 ${form}\r\n${form}\r\n\r\n`),
  drop: (response) => response.socket?.destroy(),
  hang: () => undefined,
};

function encode(text: string): string {
  return text.replaceAll('&', '&amp;');
}

/** Stands between a client and a sandbox; answers the next calls of a command with one of {@link ECHOES}. */
export class EchoProxy implements AsyncDisposable {
  /** Calls that were answered so, by echo. */
  readonly struck: Record<string, number> = {};
  #armed: { echo: string; command: string; left: number } | null = null;
  readonly #server = createServer();

  static async start(target: string): Promise<EchoProxy> {
    const proxy = new EchoProxy();
    proxy.#server.on('request', (request, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => void proxy.#serve(target, Buffer.concat(chunks).toString(), response));
    });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    // A TCP server's address is never a pipe's name.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/xml.response`;
  }

  /** @param command as the API names it, without `namecheap.`; `*` for all */
  arm(echo: string, command = '*', count = 1): void {
    this.#armed = { echo, command: command.toLowerCase(), left: count };
  }

  disarm(): void {
    this.#armed = null;
  }

  async #serve(target: string, form: string, response: ServerResponse): Promise<void> {
    const parameters = new URLSearchParams(form);
    const command = (parameters.get('Command') ?? '').toLowerCase().replace('namecheap.', '');
    const armed = this.#armed;
    if (armed !== null && armed.left > 0 && ['*', command].includes(armed.command)) {
      armed.left -= 1;
      this.struck[armed.echo] = (this.struck[armed.echo] ?? 0) + 1;
      ECHOES[armed.echo]?.(response, form, parameters.get('ApiKey') ?? '');
      return;
    }
    const answer = await fetch(target, { method: 'POST', body: parameters });
    response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(await answer.text());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
