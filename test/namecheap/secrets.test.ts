import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  API_KEY,
  catchNamecheapError,
  connectWithLog,
  listen,
  readFixture,
  STANDARD,
  startSocketServer,
  startWire,
} from './wire.js';
import { ACTS, type Act } from './acts.js';
import { createServer } from 'node:net';

const ECHO = `<ApiResponse Status="ERROR"><Errors><Error Number="1011102">ApiKey ${API_KEY} is invalid</Error></Errors></ApiResponse>`;

async function refusedEndpoint(): Promise<string> {
  const server = createServer();
  const endpoint = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return endpoint;
}

const ENDS: [string, () => Promise<string>][] = [
  ['a refused connection', refusedEndpoint],
  ['a reset', () => startSocketServer((socket) => socket.once('data', () => socket.resetAndDestroy()))],
  [
    'bytes that are no HTTP',
    () => startSocketServer((socket) => socket.once('data', (sent) => socket.end(sent))),
  ],
  [
    'a server error that shows the request',
    async () =>
      (await startWire((response, { form }) => response.writeHead(500).end(form.toString()))).endpoint,
  ],
  [
    'a page that shows the request',
    async () => (await startWire((response, { form }) => response.end(`<p>${form.toString()}</p>`))).endpoint,
  ],
  ['an error text with the key', async () => (await startWire(ECHO)).endpoint],
  [
    'a redirect with the key',
    async () =>
      (await startWire((response) => response.writeHead(302, { location: `/?ApiKey=${API_KEY}` }).end()))
        .endpoint,
  ],
];

describe.each(ENDS)('%s', (_name, start) => {
  it('tells the key neither in its error nor in its exchange', async () => {
    const endpoint = await start();
    const { client, exchanges } = connectWithLog(endpoint);
    const error = await catchNamecheapError(client.create(STANDARD));
    const shown = [
      error.message,
      error.stack,
      JSON.stringify(error),
      String(error),
      inspect(error, { depth: 20, showHidden: true }),
    ].join('\n');
    expect(shown).not.toContain(API_KEY);
    expect(shown).not.toContain(endpoint);
    expect(exchanges).toHaveLength(1);
    expect(inspect(exchanges, { depth: 20, maxStringLength: null })).not.toContain(API_KEY);
    expect(JSON.stringify(exchanges)).not.toContain(API_KEY);
  });
});

describe.each(ACTS.map((act): [string, Act] => [act.command, act]))('%s', (_name, act) => {
  it.each([
    [200, ECHO],
    [500, null],
  ])('that ends with HTTP %i and the key in the answer does not tell it', async (status, body) => {
    const wire = await startWire((response, { form }) =>
      response.writeHead(status).end(body ?? form.toString()),
    );
    const { client, exchanges } = connectWithLog(wire.endpoint);
    const error = await catchNamecheapError(act.run(client));
    const shown = inspect([error, error.faults, exchanges], { depth: 20, showHidden: true });
    expect(wire.requests[0]?.form.get('ApiKey')).toBe(API_KEY);
    expect(exchanges).toHaveLength(1);
    expect(shown).not.toContain(API_KEY);
    expect(JSON.stringify(exchanges)).not.toContain(API_KEY);
  });
});

it('the client itself cannot be printed with its key', () => {
  const { client } = connectWithLog('http://127.0.0.1:1/xml.response');
  expect(inspect(client, { depth: 20, showHidden: true })).not.toContain(API_KEY);
  expect(client.connection).toEqual({
    endpoint: 'http://127.0.0.1:1/xml.response',
    apiUser: 'berry',
    userName: 'berry-sub',
    clientIp: '192.0.2.7',
  });
});

describe('an exchange', () => {
  it('has everything that was sent, the key masked', async () => {
    const wire = await startWire(readFixture('activate.email.xml'));
    const { client, exchanges } = connectWithLog(wire.endpoint);
    const csr = '-----BEGIN CERTIFICATE REQUEST-----\nMIIC\n-----END CERTIFICATE REQUEST-----\n';
    await client.activate({
      certificateId: 5550101,
      csr,
      dcv: [{ domain: 'cranberry.example', method: 'dns' }],
    });
    expect(exchanges).toHaveLength(1);
    const [exchange] = exchanges;
    expect(exchange).toMatchObject({
      command: 'namecheap.ssl.activate',
      userName: 'berry-sub',
      endpoint: wire.endpoint,
      httpStatus: 200,
      answer: readFixture('activate.email.xml'),
      outcome: 'OK',
    });
    expect(exchange?.parameters).toEqual({
      ApiUser: 'berry',
      ApiKey: '*****',
      UserName: 'berry-sub',
      ClientIp: '192.0.2.7',
      Command: 'namecheap.ssl.activate',
      CertificateID: '5550101',
      CSR: csr,
      DNSDCValidation: 'true',
    });
    expect(exchange?.durationMs).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ['create.error.two-inputs.xml', '2011301 Type value is not valid; 2011167 Years is invalid'],
    ['page.html', 'the answer is an HTML page, not XML'],
  ])('with %s says so', async (fixture, outcome) => {
    const { client, exchanges } = connectWithLog((await startWire(readFixture(fixture))).endpoint);
    await catchNamecheapError(client.create(STANDARD));
    expect(exchanges[0]).toMatchObject({ httpStatus: 200, answer: readFixture(fixture), outcome });
  });

  it('without an answer has the code and nothing else', async () => {
    const { client, exchanges } = connectWithLog(await refusedEndpoint());
    await catchNamecheapError(client.create(STANDARD));
    expect(exchanges[0]).toMatchObject({ httpStatus: null, answer: null, outcome: 'ECONNREFUSED' });
  });
});
