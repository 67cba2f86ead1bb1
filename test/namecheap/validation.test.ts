import { describe, expect, it } from 'vitest';
import type { DcvChoice } from '../../src/namecheap/api.js';
import { catchNamecheapError, connect, readFixture, startWire } from './wire.js';

const EMAIL = { method: 'email', approverEmail: 'admin@cranberry.example' } as const;
const CN = 'cranberry.example';
const CSR = '-----BEGIN CERTIFICATE REQUEST-----\nMIIC\n-----END CERTIFICATE REQUEST-----\n';
const DCV_PARAMETERS = [
  'ApproverEmail',
  'HTTPDCValidation',
  'DNSDCValidation',
  'DNSNames',
  'DNSApproverEmails',
  'DCVMethod',
  'DCVMethods',
];

/** What an activation with these choices sends about DCV, and what it returns. */
async function activate(fixture: string, dcv: DcvChoice[]) {
  const wire = await startWire(readFixture(fixture));
  const result = await connect(wire.endpoint).activate({ certificateId: 5550101, csr: CSR, dcv });
  const sent = [...(wire.requests[0]?.form ?? [])].filter(([name]) => DCV_PARAMETERS.includes(name));
  return {
    validation: result.validation,
    sent: Object.fromEntries(sent),
    certificateId: result.certificateId,
  };
}

async function edit(fixture: string, dcv: DcvChoice[], isMultiDomain: boolean) {
  const wire = await startWire(readFixture(fixture));
  const answer = await connect(wire.endpoint).editDcvMethod({
    certificateId: 5550101,
    dcv,
    isMultiDomain,
  });
  const sent = [...(wire.requests[0]?.form ?? [])].filter(([name]) => DCV_PARAMETERS.includes(name));
  return { ...answer, sent: Object.fromEntries(sent) };
}

describe('ssl.activate sends', () => {
  const [http, dns] = ['http', 'dns'].map((method) => (domain: string) => ({ domain, method })) as [
    (domain: string) => DcvChoice,
    (domain: string) => DcvChoice,
  ];
  const email = (domain: string): DcvChoice => ({ domain, ...EMAIL });

  it.each([
    ['an address', [email(CN)], { ApproverEmail: EMAIL.approverEmail }],
    ['the switch for files', [http(CN)], { HTTPDCValidation: 'true' }],
    ['the switch for records', [dns(`*.${CN}`)], { DNSDCValidation: 'true' }],
    [
      'one switch for all names',
      [dns(CN), dns('a.example'), dns('b.example')],
      { DNSDCValidation: 'true', DNSNames: 'a.example,b.example' },
    ],
    [
      'one switch for all files',
      [http(CN), http('a.example')],
      { HTTPDCValidation: 'true', DNSNames: 'a.example' },
    ],
    [
      'one method per name, in order',
      [dns(CN), http('a.example'), email('b.example')],
      {
        ApproverEmail: 'CNAMECSRHASH',
        DNSNames: 'a.example,b.example',
        DNSApproverEmails: 'HTTPCSRHASH,admin@cranberry.example',
      },
    ],
    [
      'addresses for all names',
      [email(CN), email('a.example')],
      { ApproverEmail: EMAIL.approverEmail, DNSNames: 'a.example', DNSApproverEmails: EMAIL.approverEmail },
    ],
    [
      'the token for a file',
      [http(CN), dns('a.example')],
      { ApproverEmail: 'HTTPCSRHASH', DNSNames: 'a.example', DNSApproverEmails: 'CNAMECSRHASH' },
    ],
  ])('%s', async (_name, dcv, expected) => {
    expect((await activate('activate.email.xml', dcv)).sent).toEqual(expected);
  });

  it('the CSR, the optional parameters and extra ones', async () => {
    const wire = await startWire(readFixture('activate.email.xml'));
    const input = {
      certificateId: 5550101,
      csr: CSR,
      dcv: [{ domain: CN, method: 'dns' as const }],
      webServerType: 'nginx',
      adminEmail: 'it@cranberry.example',
    };
    await connect(wire.endpoint).activate({
      ...input,
      extra: { AdminOrganizationName: 'Berry & Sons', AdminCountry: 'EE' },
    });
    expect(Object.fromEntries(wire.requests[0]?.form ?? [])).toMatchObject({
      Command: 'namecheap.ssl.activate',
      CertificateID: '5550101',
      CSR,
      WebServerType: 'nginx',
      AdminEmailAddress: 'it@cranberry.example',
      AdminOrganizationName: 'Berry & Sons',
      AdminCountry: 'EE',
    });
  });
});

describe('ssl.activate refuses before sending', () => {
  it.each([
    ['no name', { dcv: [] }],
    ['an email without an address', { dcv: [{ domain: CN, method: 'email' as const }] }],
    [
      'an address that would be two',
      { dcv: [{ domain: CN, method: 'email' as const, approverEmail: 'a@b.example,c@d.example' }] },
    ],
    ['a name that would be two', { dcv: [{ domain: 'a.example,b.example', method: 'dns' as const }] }],
    ['a file for a wildcard', { dcv: [{ domain: `*.${CN}`, method: 'http' as const }] }],
    [
      'a name twice',
      {
        dcv: [
          { domain: CN, method: 'dns' as const },
          { domain: CN.toUpperCase(), method: 'dns' as const },
        ],
      },
    ],
    ['an extra CSR', { extra: { csr: 'another' } }],
    ['an extra key', { extra: { APIKEY: 'another' } }],
    ['an extra command', { extra: { command: 'namecheap.ssl.create' } }],
    ['an extra name that is none', { extra: { 'a=b&c': 'x' } }],
  ])('%s', async (_name, change) => {
    const wire = await startWire(readFixture('activate.email.xml'));
    const input = {
      certificateId: 5550101,
      csr: CSR,
      dcv: [{ domain: CN, method: 'dns' as const }],
      ...change,
    };
    expect(await catchNamecheapError(connect(wire.endpoint).activate(input))).toMatchObject({
      kind: 'submit',
      errorClass: 'input',
      outcome: 'not-made',
      verdict: 'fail',
    });
    expect(wire.requests).toHaveLength(0);
  });
});

describe('ssl.activate returns', () => {
  it('what to publish per name, values untouched', async () => {
    const dcv: DcvChoice[] = [
      { domain: CN, method: 'dns' },
      { domain: 'files.cranberry.example', method: 'http' },
      { domain: 'mail.cranberry.example', ...EMAIL },
    ];
    const { validation, certificateId } = await activate('activate.mixed.xml', dcv);
    expect(certificateId).toBe(5550101);
    expect(validation).toEqual([
      {
        domain: CN,
        method: 'dns',
        host: '_00AA11BB22CC33DD.cranberry.example',
        target: 'FEED0001.FEED0002.uniq77.ca.example',
      },
      {
        domain: 'files.cranberry.example',
        method: 'http',
        url: 'http://files.cranberry.example/.well-known/pki-validation/00AA11BB22CC33DD.txt',
        content: 'FEED0001  ca.example\n uniq77 &amp;',
      },
      { domain: 'mail.cranberry.example', method: 'email', approverEmail: EMAIL.approverEmail },
    ]);
  });

  it('also what Namecheap tells for a name of its own spelling', async () => {
    const { validation } = await activate('activate.mixed.xml', [
      { domain: `*.${CN}`, method: 'dns' },
      { domain: 'files.cranberry.example', method: 'http' },
    ]);
    expect(validation.map(({ domain, method }) => [domain, method])).toEqual([
      ['files.cranberry.example', 'http'],
      ['CRANBERRY.example', 'dns'],
    ]);
  });

  it('the older shape without domains', async () => {
    const { validation } = await activate('activate.without-domain.xml', [{ domain: CN, method: 'http' }]);
    expect(validation).toEqual([
      {
        domain: CN,
        method: 'http',
        url: `http://${CN}/.well-known/pki-validation/11EE22.txt`,
        content: 'FEED0003\nca.example',
      },
    ]);
  });

  it('the address alone when nothing is to be published', async () => {
    expect((await activate('activate.email.xml', [{ domain: CN, ...EMAIL }])).validation).toEqual([
      { domain: CN, ...EMAIL },
    ]);
  });
});

describe('ssl.activate fails', () => {
  it('for good on a bad CSR', async () => {
    expect(
      await catchNamecheapError(activate('activate.error.csr.xml', [{ domain: CN, method: 'dns' }])),
    ).toMatchObject({ errorClass: 'input', outcome: 'not-made', verdict: 'fail' });
  });

  it('unclearly on a page instead of an answer', async () => {
    expect(await catchNamecheapError(activate('page.html', [{ domain: CN, method: 'dns' }]))).toMatchObject({
      errorClass: 'unclear',
      outcome: 'unclear',
      verdict: 'retry',
    });
  });
});

describe('ssl.editDCVMethod', () => {
  const dcv: DcvChoice[] = [
    { domain: CN, method: 'http' },
    { domain: 'shop.cranberry.example', method: 'dns' },
    { domain: 'mail.cranberry.example', ...EMAIL },
  ];

  it('names every domain of a multi-domain product, and gives the record to the name it ends with', async () => {
    const { sent, validation } = await edit('edit-dcv-method.multi.xml', dcv, true);
    expect(sent).toEqual({
      DNSNames: 'cranberry.example,shop.cranberry.example,mail.cranberry.example',
      DCVMethods: 'HTTP_CSR_HASH,CNAME_CSR_HASH,admin@cranberry.example',
    });
    expect(validation).toEqual([
      {
        domain: CN,
        method: 'http',
        url: `http://${CN}/.well-known/pki-validation/22FF.txt`,
        content: 'FEED0004 ca.example',
      },
      {
        domain: 'shop.cranberry.example',
        method: 'dns',
        host: '_22FF.shop.cranberry.example',
        target: 'FEED0005.ca.example',
      },
      { domain: 'mail.cranberry.example', method: 'email', approverEmail: EMAIL.approverEmail },
    ]);
  });

  it('names only the method of a single-domain product', async () => {
    const { sent, validation } = await edit(
      'edit-dcv-method.single.xml',
      [{ domain: `*.${CN}`, method: 'dns' }],
      false,
    );
    expect(sent).toEqual({ DCVMethod: 'CNAME_CSR_HASH' });
    expect(validation).toEqual([
      { domain: `*.${CN}`, method: 'dns', host: '_33AA.cranberry.example', target: 'FEED0006.ca.example' },
    ]);
  });

  it('tells the names whose method was not set', async () => {
    const { missed } = await edit('edit-dcv-method.partly.xml', dcv, true);
    expect(missed).toEqual(['shop.cranberry.example']);
    expect((await edit('edit-dcv-method.multi.xml', dcv, true)).missed).toEqual([]);
  });

  it('refuses several methods for a single-domain product', async () => {
    expect(await catchNamecheapError(edit('edit-dcv-method.single.xml', dcv, false))).toMatchObject({
      errorClass: 'input',
      outcome: 'not-made',
    });
  });
});
