import { describe, expect, it } from 'vitest';
import type { NamecheapError } from '../../src/namecheap/errors.js';
import { ACTS, CSR, NAMED, type Act } from './acts.js';
import { catchNamecheapError, connect, readFixture, startCutWire, startWire } from './wire.js';

/** A number that every one of the commands documents, and that refuses it before anything is done. */
const REFUSAL = '<Error Number="2011294">CertificateID is invalid</Error>';

function writeError({ command }: Act, result: string, errors = REFUSAL): string {
  return `<ApiResponse Status="ERROR"><Errors>${errors}</Errors><RequestedCommand>${command}</RequestedCommand><CommandResponse Type="${command}">${result}</CommandResponse></ApiResponse>`;
}

/** The error that an act ends with, after exactly one request. */
async function fail(act: Act, body: string, status = 200): Promise<NamecheapError> {
  const wire = await startWire((response) =>
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body),
  );
  const error = await catchNamecheapError(act.run(connect(wire.endpoint)));
  expect(wire.requests).toHaveLength(1);
  expect(error).toMatchObject({ command: act.command, kind: act.kind });
  return error;
}

const UNCLEAR = { errorClass: 'unclear', outcome: 'unclear', verdict: 'retry' };

describe.each(ACTS.map((act): [string, Act] => [act.command, act]))('%s', (_name, act) => {
  const good = readFixture(act.fixture);

  it('sends its parameters once, and gives what was done', async () => {
    const wire = await startWire(good);
    expect(await act.run(connect(wire.endpoint))).toEqual(act.result);
    expect(wire.requests).toHaveLength(1);
    const { ApiUser, ApiKey, UserName, ClientIp, ...sent } = Object.fromEntries(wire.requests[0]?.form ?? []);
    expect([ApiUser, ApiKey, UserName, ClientIp]).not.toContain(undefined);
    expect(sent).toEqual({ Command: act.command, ...act.sent });
    expect(wire.requests[0]).toMatchObject({ method: 'POST', url: '/xml.response' });
  });

  it('reads its name in any case, and values with padding', async () => {
    const other = good
      .replaceAll(/namecheap\.ssl\.\w+/g, (name) => name.toUpperCase())
      .replace('IsSuccess="true"', 'ISSUCCESS=" True "')
      .replace(/\bID="(\d+)"/, 'Id=" 00$1 "');
    expect(other).not.toBe(good);
    const wire = await startWire(other);
    expect(await act.run(connect(wire.endpoint))).toEqual(act.result);
  });

  it.each(act.doubts)('is unclear after %s', async (_doubt, before, after) => {
    expect(good).toContain(before);
    expect(await fail(act, good.replace(before, after))).toMatchObject(UNCLEAR);
  });

  it('is unclear after a good answer that is cut at any byte', async () => {
    const whole = Buffer.from(good);
    expect(whole.at(-1)).toBe('>'.charCodeAt(0));
    const { endpoint, cutAt } = await startCutWire(whole);
    const client = connect(endpoint);
    for (let length = 0; length < whole.length; length++) {
      cutAt(length);
      expect(await catchNamecheapError(act.run(client)), `${length} bytes`).toMatchObject(UNCLEAR);
    }
    cutAt(whole.length);
    expect(await act.run(client)).toEqual(act.result);
  });

  it.each(ACTS.filter(({ command }) => command !== act.command).map(({ fixture }) => fixture))(
    'is unclear after the answer of another command, %s',
    async (fixture) => {
      expect(await fail(act, readFixture(fixture))).toMatchObject(UNCLEAR);
    },
  );

  it.each([
    ['another command', good.replaceAll(/namecheap\.ssl\.\w+/g, 'namecheap.ssl.create')],
    ['no command', good.replace(/<RequestedCommand>.*<\/RequestedCommand>/, '<RequestedCommand/>')],
    ['another result', good.replaceAll(/\w+Result\b/g, 'SSLOtherResult')],
    ['an error next to Status OK', good.replace('<Errors/>', `<Errors>${REFUSAL}</Errors>`)],
    ['two results', good.replace(/<CommandResponse[\s\S]*<\/CommandResponse>/, (whole) => whole + whole)],
    ['a page', readFixture('page.html')],
  ])('is unclear after %s', async (_name, body) => {
    expect(await fail(act, body)).toMatchObject(UNCLEAR);
  });

  it.each(act.refused)('is not made after a listed error around %s', async (result) => {
    expect(await fail(act, writeError(act, result))).toMatchObject({
      errorClass: 'input',
      outcome: 'not-made',
      verdict: 'fail',
      hasSucceededBefore: false,
    });
  });

  it.each(act.traces)('is unclear after a listed error around %s', async (result) => {
    expect(await fail(act, writeError(act, result))).toMatchObject(UNCLEAR);
  });

  it('is unclear after a listed error of another command', async () => {
    const body = writeError(act, '').replaceAll(act.command, 'namecheap.ssl.getInfo');
    expect(await fail(act, body)).toMatchObject(UNCLEAR);
  });

  it('is not made after HTTP 405, unless the answer shows more', async () => {
    const page = '<html><div id="berry">slow down</div></html>';
    expect(await fail(act, page, 405)).toMatchObject({ errorClass: 'throttle', outcome: 'not-made' });
    expect(await fail(act, good, 405)).toMatchObject({ errorClass: 'throttle', outcome: 'unclear' });
    expect(await fail(act, good, 500)).toMatchObject(UNCLEAR);
  });
});

describe('input that is refused before anything is sent', () => {
  const dcv = [{ domain: 'cranberry.example', method: 'dns' as const }];

  it.each<[string, Act['run'], string]>([
    [
      'renew',
      (client) => client.renew({ certificateId: 0, type: 'Standard SSL', years: 1 }),
      'certificateId',
    ],
    ['renew', (client) => client.renew({ certificateId: NAMED, type: '', years: 1 }), 'type'],
    ['renew', (client) => client.renew({ certificateId: NAMED, type: 'Standard SSL', years: 6 }), 'years'],
    [
      'purchaseMoreSans',
      (client) => client.purchaseMoreSans({ certificateId: NAMED, sansToAdd: 0 }),
      'sansToAdd',
    ],
    [
      'purchaseMoreSans',
      (client) => client.purchaseMoreSans({ certificateId: NAMED, sansToAdd: 98 }),
      'sansToAdd',
    ],
    ['reissue', (client) => client.reissue({ certificateId: NAMED, csr: '', dcv }), 'csr'],
    ['reissue', (client) => client.reissue({ certificateId: NAMED, csr: CSR, dcv: [] }), 'dcv'],
    [
      'reissue',
      (client) => client.reissue({ certificateId: NAMED, csr: CSR, dcv, extra: { COMMAND: 'x' } }),
      'COMMAND',
    ],
    ['revokeCertificate', (client) => client.revokeCertificate({ certificateId: NAMED, type: '' }), 'type'],
    ['resendApproverEmail', (client) => client.resendApproverEmail({ certificateId: 1.5 }), 'certificateId'],
    [
      'resendFulfillmentEmail',
      (client) => client.resendFulfillmentEmail({ certificateId: -1 }),
      'certificateId',
    ],
  ])('of %s', async (_name, run, fault) => {
    const wire = await startWire('');
    const error = await catchNamecheapError(run(connect(wire.endpoint)));
    expect(error).toMatchObject({ errorClass: 'input', outcome: 'not-made', verdict: 'fail' });
    expect(error.message).toContain(fault);
    expect(wire.requests).toHaveLength(0);
  });
});

describe('what an earlier success answers', () => {
  const [renew, , reissue] = ACTS as [Act, Act, Act];

  it('is known on a renewal: neither made, nor refused so that another may be bought', async () => {
    const error = await fail(renew, readFixture('renew.error.queued.xml'));
    expect(error).toMatchObject({
      errorClass: 'state',
      outcome: 'unclear',
      verdict: 'retry',
      hasSucceededBefore: true,
    });
    expect(error.message).toContain('NewRenewal');
    expect(error.message).toContain('do not renew again');
  });

  it('is known on a reissue', async () => {
    const error = await fail(reissue, readFixture('reissue.error.in-progress.xml'));
    expect(error).toMatchObject({ errorClass: 'state', outcome: 'unclear', hasSucceededBefore: true });
    expect(error.message).toContain('follow ReplacedBy');
  });

  it.each([
    ['another state', reissue, '<Error Number="4011331">Status is InValid.</Error>'],
    ['a status that sounds like it', reissue, '<Error Number="4011331">Status is InProgress</Error>'],
    ['the number of a reissue on a renewal', renew, '<Error Number="4011331">Reissue in progress</Error>'],
    ['the number of a renewal on a reissue', reissue, '<Error Number="4028294">queued for Renewal</Error>'],
  ])('is not read into %s', async (_name, act, errors) => {
    expect(await fail(act, writeError(act, '', errors))).toMatchObject({
      errorClass: 'state',
      outcome: 'unclear',
      hasSucceededBefore: false,
    });
  });

  it('stays known next to other errors, and is not believed of another command', async () => {
    const queued = '<Error Number="4028294">This CertificateID is already queued for Renewal</Error>';
    const funds = '<Error Number="2528166">INSUFFICIENTFUNDS</Error>';
    for (const others of [REFUSAL, funds, '<Error Number="5050900">Unhandled</Error>']) {
      expect(await fail(renew, writeError(renew, '', others + queued))).toMatchObject({
        outcome: 'unclear',
        verdict: 'retry',
        hasSucceededBefore: true,
      });
    }
    const foreign = writeError(renew, '', queued).replaceAll(renew.command, 'namecheap.ssl.getInfo');
    expect(await fail(renew, foreign)).toMatchObject({ outcome: 'unclear', hasSucceededBefore: false });
  });
});

it('ssl.renew without funds is not made, and pauses the account', async () => {
  const [renew] = ACTS as [Act];
  expect(await fail(renew, readFixture('renew.error.insufficient-funds.xml'))).toMatchObject({
    errorClass: 'funds',
    outcome: 'not-made',
    verdict: 'pause',
  });
});

describe('what an answer may leave out', () => {
  it('the number of names after buying more', async () => {
    const wire = await startWire(readFixture('purchase-more-sans.ok.xml').replace('SANSCount="6"', ''));
    const bought = await connect(wire.endpoint).purchaseMoreSans({ certificateId: NAMED, sansToAdd: 4 });
    expect(bought).toMatchObject({ certificateId: NAMED, sansCount: null });
  });

  it('the description of a revocation', async () => {
    const bare = readFixture('revoke-certificate.xml').replace(/<Description>.*<\/Description>/, '');
    const wire = await startWire(bare);
    expect(await connect(wire.endpoint).revokeCertificate({ certificateId: NAMED, type: 'EV SSL' })).toEqual({
      description: null,
    });
  });

  it('the domains of what a reissue has to publish', async () => {
    const wire = await startWire(readFixture('reissue.without-domain.xml'));
    const dcv = [{ domain: 'cranberry.example', method: 'http' as const }];
    expect(await connect(wire.endpoint).reissue({ certificateId: NAMED, csr: CSR, dcv })).toEqual({
      certificateId: 5550202,
      validation: [
        {
          domain: 'cranberry.example',
          method: 'http',
          url: 'http://cranberry.example/.well-known/pki-validation/77AA88BB.txt',
          content: 'FEED0010\nca.example',
        },
      ],
    });
    expect(wire.requests[0]?.form.get('HTTPDCValidation')).toBe('true');
  });
});
