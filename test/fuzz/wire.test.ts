import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/server.js';
import { isAccepted, judgeFailure } from '../../src/webhook/judge-failure.js';
import { createWebhook } from '../../src/webhook/send.js';
import { fuzz } from '../helpers/fuzz.js';
import { mutatedJson } from '../helpers/mutated-json.js';
import { mutatedText, ODD_TEXTS } from '../helpers/mutated-text.js';
import { COMMANDS } from '../namecheap/every-command.js';

const ADMIN = [
  'fault',
  'clock',
  'validation',
  'status',
  'balance',
  'first-leaf',
  'purchase',
  'activate',
  'reissue',
  'renew',
];

const BODIES: unknown[] = [
  { command: 'ssl.create', fault: 'http-500', count: 1, skip: 1, probability: 0.5, seed: 1 },
  { command: '*', fault: 'error', error: { number: 2011301, text: 'no' } },
  ...[
    { advance: '1s' },
    { mode: 'manual' },
    { certificateId: 9000001, status: 'active' },
    { balance: '1000' },
  ],
  ...[{ days: 20 }, { type: 'Standard SSL', years: 1, sansToAdd: 2 }, { certificateId: 9000001, years: 1 }],
];

describe('the sandbox', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, limits: [0, 0, 0] });
  });
  afterAll(() => sandbox.close());

  /** It answers, whatever it is asked, and goes on answering. */
  async function demandAnswer(path: string, init: RequestInit): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${sandbox.port}${path}`, init);
    const text = await answer.text();
    expect(answer.status).not.toBe(500);
    expect(text).not.toMatch(/TypeError|SyntaxError|RangeError|ZodError|node_modules/);
  }

  const { user, apiKey, clientIp } = {
    user: 'sandbox',
    apiKey: 'sandbox-api-key-0123456789abcdef',
    clientIp: '127.0.0.1',
  };
  const names = fc.constantFrom(
    ...[
      'Type',
      'Years',
      'SANStoADD',
      'CertificateID',
      'CSR',
      'ApproverEmail',
      'HTTPDCValidation',
      'DNSDCValidation',
    ],
    ...[
      'DNSNames',
      'DNSApproverEmails',
      'DCVMethod',
      'DCVMethods',
      'ListType',
      'Page',
      'PageSize',
      'SearchTerm',
      'SortBy',
    ],
    ...[
      'PromotionCode',
      'NumberOfSANSToAdd',
      'Returncertificate',
      'Returntype',
      'CertificateType',
      'DomainName',
      'x',
    ],
  );
  const values = mutatedText([
    'PositiveSSL',
    '1',
    '9000001',
    'NewPurchase',
    'admin@example.com',
    'a.example,b.example',
    'true',
  ]);
  const calls = fc.record({
    command: fc.oneof(
      fc.constantFrom(...COMMANDS.map(({ command }) => command)),
      fc.constantFrom(...ODD_TEXTS),
    ),
    parameters: fc.dictionary(names, values, { maxKeys: 8 }),
    isPost: fc.boolean(),
  });
  fuzz('sandbox: API calls', 1200, calls, async ({ command, parameters, isPost }) => {
    const credentials = {
      ApiUser: user,
      ApiKey: apiKey,
      UserName: user,
      ClientIp: clientIp,
      Command: command,
    };
    const form = new URLSearchParams({ ...credentials, ...parameters });
    // A query may be only so long; a header too long is refused by Node.
    if (isPost || form.toString().length > 4000)
      await demandAnswer('/xml.response', { method: 'POST', body: form });
    else await demandAnswer(`/xml.response?${form.toString()}`, {});
  });

  const admin = fc.tuple(
    fc.constantFrom(...ADMIN),
    fc.oneof(
      mutatedJson(BODIES).map((body) => JSON.stringify([body]).slice(1, -1)),
      mutatedText(['{}']),
    ),
  );
  fuzz('sandbox: admin', 1200, admin, async ([what, body]) => {
    await demandAnswer(`/_${what}`, { method: 'POST', body });
    // What a rule does to later calls is another test's subject.
    await demandAnswer('/_fault', { method: 'DELETE' });
  });
});

const STATUS_LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 410 Gone',
  'HTTP/1.1 503 Busy',
  'HTTP/1.0 200',
  'HTTP/1.1 302 Found',
];
const HEADERS = [
  'Content-Length: 2',
  'Content-Length: 99',
  'Transfer-Encoding: chunked',
  'Location: http://127.0.0.1:1/',
  'Content-Encoding: gzip',
  'Connection: close',
  'Retry-After: soon',
];

describe('the webhook', () => {
  let answer: Buffer = Buffer.alloc(0);
  let isEndless = false;
  let url = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => {
      if (!isEndless) return socket.end(answer);
      const talk = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(8192, 'x')));
      };
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.on('drain', talk);
      talk();
      return undefined;
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
    url = `http://127.0.0.1:${address.port}/hook`;
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const raw = fc.tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...STATUS_LINES) },
      { weight: 1, arbitrary: mutatedText(STATUS_LINES) },
    ),
    fc.array(fc.oneof(fc.constantFrom(...HEADERS), mutatedText(HEADERS)), { maxLength: 4 }),
    fc.oneof(fc.constantFrom('', 'ok', '2\r\nok\r\n0\r\n\r\n', 'zz\r\n'), fc.string({ maxLength: 50 })),
    fc.nat(20),
  );
  fuzz('webhook answers', 1000, raw, async ([status, headers, body, mode]) => {
    isEndless = mode === 0;
    answer = Buffer.from(`${[status, ...headers].join('\r\n')}\r\n\r\n${body}`);
    const webhook = createWebhook({ url, secret: 'sixteen-letters!', now: () => 0, timeoutMs: 5000 });
    const event = { id: 'e1', type: 'certificate.issued', json: '{"id":"e1"}' };
    const outcome = await webhook.send(event, new AbortController().signal);
    if (outcome.kind === 'answered') expect(answer.toString().startsWith('HTTP/1.') || isEndless).toBe(true);
    else expect(outcome.code).toMatch(/^[A-Z][A-Z0-9_]+$/);
    // Only what begins like a 2xx is taken for a delivery.
    if (isAccepted(outcome) && !isEndless) expect(status).toMatch(/^HTTP\/1\.[01] +2\d\d/);
    const judged = judgeFailure(null, { position: '1-1', outcome }, 0, 0.5);
    expect(judged.isDead).toBe(false);
  });
});
