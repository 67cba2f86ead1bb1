import { describe, expect, it } from 'vitest';
import type { CreateResult } from '../../src/namecheap/api.js';
import type { NamecheapError } from '../../src/namecheap/errors.js';
import { WaitError } from '../../src/errors.js';
import {
  catchNamecheapError,
  connect,
  listen,
  readFixture,
  STANDARD,
  startCutWire,
  startSocketServer,
  startWire,
} from './wire.js';
import { createServer } from 'node:net';

const OK = readFixture('create.ok.xml');

async function answerCreate(body: string, status = 200): Promise<NamecheapError> {
  const wire = await startWire((response) =>
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body),
  );
  const error = await catchNamecheapError(connect(wire.endpoint).create(STANDARD));
  expect(wire.requests).toHaveLength(1);
  return error;
}

/** An answer in which every error has a number and a text, around a zero-filled result. */
function refuse(...faults: [number, string][]): string {
  const errors = faults.map(([number, text]) => `<Error Number="${number}">${text}</Error>`).join('');
  return `<ApiResponse Status="ERROR"><Errors>${errors}</Errors><RequestedCommand>namecheap.ssl.create</RequestedCommand><CommandResponse Type="namecheap.ssl.create"><SSLCreateResult OrderId="0" TransactionId="0" ChargedAmount="0"/></CommandResponse></ApiResponse>`;
}

describe('made', () => {
  it('returns what was bought, ids as numbers and the amount as it was written', async () => {
    const wire = await startWire(OK);
    const bought: CreateResult = await connect(wire.endpoint).create({
      ...STANDARD,
      sansToAdd: 2,
      promotionCode: 'BERRY',
    });
    expect(bought).toEqual({
      certificateId: 5550101,
      orderId: 7310021,
      transactionId: 9120044,
      chargedAmount: '12.8800',
      type: 'Standard SSL',
      years: 1,
    });
    expect(wire.requests).toHaveLength(1);
    const [request] = wire.requests;
    expect(request?.method).toBe('POST');
    expect(request?.url).toBe('/xml.response');
    expect(request?.headers['content-type']).toContain('application/x-www-form-urlencoded');
    expect(request?.headers.connection).toBe('close');
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      ApiUser: 'berry',
      ApiKey: 'f00dfeedf00dfeedf00dfeedf00dfeed',
      UserName: 'berry-sub',
      ClientIp: '192.0.2.7',
      Command: 'namecheap.ssl.create',
      Type: 'Standard SSL',
      Years: '1',
      SANStoADD: '2',
      PromotionCode: 'BERRY',
    });
  });

  it('does not depend on case, padding, order or unknown attributes', async () => {
    const wire = await startWire(readFixture('create.other-spelling.xml'));
    const bought = await connect(wire.endpoint).create(STANDARD);
    expect(bought).toEqual({
      certificateId: 5550102,
      orderId: 7310022,
      transactionId: 9120045,
      chargedAmount: '0',
      type: 'standard ssl',
      years: 2,
    });
  });
});

describe('not made', () => {
  it('is a connection that was refused', async () => {
    const server = createServer();
    const endpoint = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const error = await catchNamecheapError(connect(endpoint).create(STANDARD));
    expect(error).toMatchObject({
      outcome: 'not-made',
      errorClass: 'transient',
      verdict: 'retry',
      httpStatus: null,
    });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('is a name that does not resolve', async () => {
    const error = await catchNamecheapError(
      connect('https://no-such-name.invalid/xml.response').create(STANDARD),
    );
    expect(error).toMatchObject({ outcome: 'not-made', errorClass: 'transient', verdict: 'retry' });
  });

  it('is HTTP 405, whatever its body', async () => {
    expect(await answerCreate('<html>slow down</html>', 405)).toMatchObject({
      outcome: 'not-made',
      errorClass: 'throttle',
      verdict: 'wait',
      delayMs: 60_000,
      httpStatus: 405,
    });
  });

  it.each([
    ['error.api-key.xml', 'config', 'pause'],
    ['create.error.two-inputs.xml', 'input', 'fail'],
    ['create.error.insufficient-funds.xml', 'funds', 'pause'],
  ])('is %s', async (fixture, errorClass, verdict) => {
    expect(await answerCreate(readFixture(fixture))).toMatchObject({
      outcome: 'not-made',
      errorClass,
      verdict,
    });
  });

  it('keeps every error with number and text', async () => {
    const error = await answerCreate(readFixture('create.error.two-inputs.xml'));
    expect(error.faults).toEqual([
      { number: 2011301, text: 'Type value is not valid' },
      { number: 2011167, text: 'Years is invalid' },
    ]);
    expect(error.message).toContain('2011301 Type value is not valid; 2011167 Years is invalid');
    expect(error.hasNumber(2011167)).toBe(true);
  });

  it('is a signal that was aborted before: it takes nothing from the quota', async () => {
    const wire = await startWire(OK);
    const asked: string[] = [];
    const admit = (command: string): Promise<void> => Promise.resolve(void asked.push(command));
    const call = connect(wire.endpoint, { hooks: { admit } }).create(STANDARD, {
      signal: AbortSignal.abort(),
    });
    expect(await catchNamecheapError(call)).toMatchObject({ outcome: 'not-made', verdict: 'retry' });
    expect(asked).toEqual([]);
    expect(wire.requests).toHaveLength(0);
  });

  it('is a signal that is aborted while the call is admitted', async () => {
    const wire = await startWire(OK);
    const controller = new AbortController();
    const admit = (): Promise<void> => {
      controller.abort();
      return Promise.resolve();
    };
    const client = connect(wire.endpoint, { hooks: { admit } });
    const error = await catchNamecheapError(client.create(STANDARD, { signal: controller.signal }));
    expect(error).toMatchObject({ outcome: 'not-made', verdict: 'retry' });
    expect(wire.requests).toHaveLength(0);
  });

  it('is input that cannot be sent', async () => {
    const wire = await startWire(OK);
    const error = await catchNamecheapError(connect(wire.endpoint).create({ type: '', years: 6 }));
    expect(error).toMatchObject({ outcome: 'not-made', errorClass: 'input', verdict: 'fail' });
    expect(wire.requests).toHaveLength(0);
  });

  it('is what the admit hook refuses: nothing is sent, and its error passes unchanged', async () => {
    const wire = await startWire(OK);
    const refusal = new WaitError('the quota is used up', 4200);
    const asked: string[][] = [];
    const admit = (command: string, kind: string): Promise<void> => {
      asked.push([command, kind]);
      return Promise.reject(refusal);
    };
    await expect(connect(wire.endpoint, { hooks: { admit } }).create(STANDARD)).rejects.toBe(refusal);
    expect(asked).toEqual([['namecheap.ssl.create', 'charge']]);
    expect(wire.requests).toHaveLength(0);
  });
});

describe('unclear', () => {
  it.each([
    ['create.error.creation-failed.xml'],
    ['create.error.with-order-id.xml'],
    ['create.error.one-unlisted.xml'],
    ['create.error.without-error.xml'],
    ['page.html'],
    ['entities.xml'],
    ['get-balances.xml'],
  ])('is %s', async (fixture) => {
    const error = await answerCreate(readFixture(fixture));
    expect(error).toMatchObject({
      outcome: 'unclear',
      errorClass: 'unclear',
      verdict: 'retry',
      httpStatus: 200,
    });
    expect(error.message).toContain('may have been executed');
  });

  it.each([500, 502, 503, 400, 403, 404, 201, 204, 304])(
    'is HTTP %i, also with a good body',
    async (status) => {
      const error = await answerCreate(status === 204 || status === 304 ? '' : OK, status);
      expect(error).toMatchObject({
        outcome: 'unclear',
        errorClass: 'unclear',
        verdict: 'retry',
        httpStatus: status,
      });
    },
  );

  it.each([
    [429, 'slow down'],
    [405, OK],
  ])('is HTTP %i where the answer cannot prove more, and the account rests', async (status, body) => {
    expect(await answerCreate(body, status)).toMatchObject({
      outcome: 'unclear',
      errorClass: 'throttle',
      verdict: 'wait',
      delayMs: 60_000,
    });
  });

  it('is error 500000, and the account rests', async () => {
    expect(await answerCreate(readFixture('error.too-many-requests.xml'))).toMatchObject({
      outcome: 'unclear',
      errorClass: 'throttle',
      verdict: 'wait',
    });
  });

  it('is a redirect, which is not followed', async () => {
    const target = await startWire(OK);
    const wire = await startWire((response) => response.writeHead(307, { location: target.endpoint }).end());
    expect(await catchNamecheapError(connect(wire.endpoint).create(STANDARD))).toMatchObject({
      outcome: 'unclear',
      httpStatus: 307,
    });
    expect(target.requests).toHaveLength(0);
    expect(wire.requests).toHaveLength(1);
  });

  it.each([
    ['an unknown number of the validation layer', refuse([2011999, 'Something is not valid'])],
    ['an unknown number of the authentication layer', refuse([1011999, 'Something is locked'])],
    ['an error without a number', OK.replace('<Errors/>', '<Errors><Error>odd</Error></Errors>')],
    ['insufficient funds under another number', refuse([2528167, 'INSUFFICIENTFUNDS'])],
    ['a refusal that only activation knows', refuse([3011296, 'Invalid CSR'])],
    [
      'an error next to Status OK',
      OK.replace('<Errors/>', '<Errors><Error Number="2011301">Type</Error></Errors>'),
    ],
    ['a refusal of another command', refuse([2011301, 'Type']).replaceAll('ssl.create', 'ssl.renew')],
    [
      'a refusal with a charge',
      refuse([2011301, 'Type']).replace('ChargedAmount="0"', 'ChargedAmount="0.0100"'),
    ],
    [
      'a refusal with a transaction in an element',
      refuse([2011301, 'Type']).replace(
        '</CommandResponse>',
        '<TransactionId>\n 41</TransactionId></CommandResponse>',
      ),
    ],
    [
      'a refusal with a certificate',
      refuse([2011301, 'Type']).replace('OrderId="0"', 'CertificateID="5550101"'),
    ],
    ['a refusal that claims success', refuse([2011301, 'Type']).replace('OrderId="0"', 'IsSuccess="true"')],
    ['a certificate id of zero', OK.replace('CertificateID="5550101"', 'CertificateID="0"')],
    ['an order id of zero', OK.replace('OrderId="7310021"', 'OrderId="0"')],
    ['no transaction id', OK.replace('TransactionId="9120044"', '')],
    ['no amount', OK.replace('ChargedAmount="12.8800"', 'ChargedAmount=""')],
    ['IsSuccess false', OK.replace('IsSuccess="true"', 'IsSuccess="false"')],
    ['two certificates', OK.replace(/(<SSLCertificate [^>]*>)/, '$1$1')],
    ['two results', OK.replace(/<CommandResponse[\s\S]*<\/CommandResponse>/, (whole) => whole + whole)],
    [
      'no command name',
      OK.replace('<RequestedCommand>namecheap.ssl.create</RequestedCommand>', '<RequestedCommand/>'),
    ],
    ['an unknown Status', OK.replace('Status="OK"', 'Status="MAYBE"')],
    ['no Status', OK.replace('Status="OK"', '')],
    ['an undeclared entity', OK.replace('<Warnings/>', '<Warnings>&berry;</Warnings>')],
    ['a good answer inside another document', `<page>${OK.replace(/<\?xml.*?\?>/, '')}</page>`],
    ['JSON', '{"Status":"OK"}'],
    ['nothing', ''],
  ])('is %s', async (_name, body) => {
    expect(await answerCreate(body)).toMatchObject({
      outcome: 'unclear',
      errorClass: 'unclear',
      verdict: 'retry',
    });
  });

  it('is a good answer that is cut at any byte', async () => {
    const whole = Buffer.from(OK);
    expect(whole.at(-1)).toBe('>'.charCodeAt(0));
    const { endpoint, cutAt } = await startCutWire(whole);
    const client = connect(endpoint);
    for (let length = 0; length < whole.length; length++) {
      cutAt(length);
      expect(await catchNamecheapError(client.create(STANDARD)), `${length} bytes`).toMatchObject({
        outcome: 'unclear',
        errorClass: 'unclear',
      });
    }
    cutAt(whole.length);
    expect((await client.create(STANDARD)).certificateId).toBe(5550101);
  });

  it('is an answer shorter than it says', async () => {
    const endpoint = await startSocketServer((socket) =>
      socket.once('data', () =>
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${OK.length + 1}\r\n\r\n${OK}`),
      ),
    );
    expect(await catchNamecheapError(connect(endpoint).create(STANDARD))).toMatchObject({
      outcome: 'unclear',
      httpStatus: 200,
    });
  });

  it('is a reset after the request, which is sent once', async () => {
    let connections = 0;
    const endpoint = await startSocketServer((socket) => {
      connections++;
      socket.once('data', () => socket.resetAndDestroy());
    });
    expect(await catchNamecheapError(connect(endpoint).create(STANDARD))).toMatchObject({
      outcome: 'unclear',
      errorClass: 'unclear',
      httpStatus: null,
    });
    expect(connections).toBe(1);
  });

  it('is a connection that closes without an answer', async () => {
    const endpoint = await startSocketServer((socket) => socket.once('data', () => socket.end()));
    expect(await catchNamecheapError(connect(endpoint).create(STANDARD))).toMatchObject({
      outcome: 'unclear',
    });
  });

  it.each([
    ['silence', ''],
    ['an answer that never ends', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<Ap\r\n'],
  ])(
    'is a timeout on %s: the connection is destroyed, the request was sent once',
    async (_name, beginning) => {
      let connections = 0;
      let close: () => void = () => undefined;
      const closed = new Promise<void>((resolve) => (close = resolve));
      const endpoint = await startSocketServer((socket) => {
        connections++;
        socket.on('close', close);
        socket.once('data', () => socket.write(beginning));
      });
      const error = await catchNamecheapError(connect(endpoint, { timeoutMs: 150 }).create(STANDARD));
      expect(error).toMatchObject({ outcome: 'unclear', errorClass: 'unclear' });
      expect(error.message).toContain('ETIMEDOUT');
      await closed;
      expect(connections).toBe(1);
    },
  );

  it('is a signal that is aborted while the answer is awaited', async () => {
    const controller = new AbortController();
    const wire = await startWire(() => controller.abort());
    expect(
      await catchNamecheapError(connect(wire.endpoint).create(STANDARD, { signal: controller.signal })),
    ).toMatchObject({ outcome: 'unclear', verdict: 'retry' });
    expect(wire.requests).toHaveLength(1);
  });

  it('is an answer that is too long, of which no more than the limit is kept', async () => {
    const filler = 'x'.repeat(1024 * 1024);
    const wire = await startWire((response) => {
      response.on('error', () => undefined);
      const pump = (): void => {
        while (!response.destroyed && response.write(filler));
      };
      response.on('drain', pump);
      pump();
    });
    const error = await catchNamecheapError(connect(wire.endpoint).create(STANDARD));
    expect(error).toMatchObject({ outcome: 'unclear' });
    expect(error.message).toContain('ERR_ANSWER_TOO_LONG');
  });
});
