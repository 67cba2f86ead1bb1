import { describe, expect, it } from 'vitest';
import { classifyFaults } from '../../src/namecheap/classify.js';
import { CERTIFICATE_ROWS } from '../../src/namecheap/error-rows-ssl.js';
import { CONNECTION_ROWS } from '../../src/namecheap/error-rows.js';
import { findErrorRow, isKnownNumber } from '../../src/namecheap/error-table.js';
import type { ApiFault, ErrorClass } from '../../src/namecheap/errors.js';

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Every number that Namecheap documents for what we call, with the class that its row must have. */
const DOCUMENTED: [ErrorClass, number[]][] = [
  [
    'config',
    [
      1010101, 1010102, 1011102, 1010104, 1010105, 1011105, 1017101, 1017103, 1017105, 1016103, 1019103,
      1030408,
    ],
  ],
  ['config', [1017410, 1017411, 2033409, 2032409, 4011103, 2011335, 2010335, 2017166, 2017289, 2013410]],
  ['address', [1011150, 1017150]],
  ['throttle', [500000]],
  ['transient', [1050900, 5050900, 3050900, 5019169, 5050169, 4022312, 3022295, 3022296, 3022334]],
  [
    'input',
    [
      2010167, 2010294, 2010298, 2010301, 2011167, 2011301, 2011767, 2011900, 2013167, 2013170, 2013294,
      2013301,
    ],
  ],
  ['input', [2013900, 2015167, 4080167, 2011170, 2011294, 2012301, 2011298, 2011272, 2011300, 4011300]],
  [
    'input',
    [
      2010214, 2010295, 2010296, 2010297, 2010326, 2010396, 2010667, 2010767, 2010784, 2011166, 2011295,
      2011296,
    ],
  ],
  [
    'input',
    [
      2011297, 2011388, 2011389, 2011668, 2011784, 2013667, 2014296, 2015182, 2030296, 2030332, 3011784,
      3011299,
    ],
  ],
  [
    'input',
    [
      ...range(2011212, 2011215),
      ...range(2013201, 2013215),
      ...range(2013294, 2013297),
      ...range(2013372, 2013389),
    ],
  ],
  ['input', [3011295, 3011296, 4011296, 4011297, 4011380, 4011900]],
  ['state', [4011294, 4011331, 2011331, 4028294, 4023103]],
  [
    'unclear',
    [
      2528166, 3028301, 4011299, 3027295, 4024294, 4024295, 4024296, 4024331, 4024510, 4027295, 4050900,
      4035900,
    ],
  ],
  ['manual', [4020294, 2011333, 2011510, 2019331]],
];

const EXPECTED = DOCUMENTED.flatMap(([errorClass, numbers]) =>
  numbers.map((number): [number, ErrorClass] => [number, errorClass]),
);

it.each(EXPECTED)('%i is documented as %s', (number, errorClass) => {
  expect(isKnownNumber(number)).toBe(true);
  const row = findErrorRow({ number, text: '' });
  expect(row.errorClass).toBe(errorClass);
  expect(row.meaning).not.toBe('');
  expect(row.remedy).toMatch(/^[A-Z].*\.$/);
});

describe('the same number with another text', () => {
  it.each([
    [2528166, 'ORDER CREATION FAILED; INSUFFICIENTFUNDS;Insufficient funds in account;', 'funds'],
    [2528166, 'Order creation failed', 'unclear'],
    [2528166, 'ORDER CREATION FAILED; Failed to Create Order;; Error Details:-CALCULATIONERROR', 'unclear'],
    [4011294, 'Certificate does not meet the ExpireDate', 'state'],
    [4011294, 'CertificateID is invalid', 'input'],
    [4011331, 'Status is InValid.', 'state'],
    [4011294, 'Cannot renew with Year=3 when days to expire > 90', 'state'],
    [4011331, 'Unable to update DCV filerecords in database. Please try again.', 'unclear'],
    [3011295, 'Approver Email is not valid', 'input'],
    [3011295, 'Error From Certificate Provider', 'unclear'],
    [2013900, 'SANSToAdd is out of range', 'input'],
    [2013900, 'OrganizationDUNS is too long', 'input'],
  ])('%i "%s" is %s', (number, text, errorClass) => {
    expect(findErrorRow({ number, text }).errorClass).toBe(errorClass);
  });

  it('has its own remedy', () => {
    const [tooLong, outOfRange] = ['is too long', 'is out of range'].map((text) =>
      findErrorRow({ number: 2013900, text }),
    );
    expect(tooLong?.remedy).not.toBe(outOfRange?.remedy);
  });
});

it.each([
  [1019999, 'config'],
  [2011999, 'input'],
  [2024999, 'transient'],
  [3011999, 'transient'],
  [4011999, 'transient'],
  [5011999, 'transient'],
  [42, 'transient'],
  [0, 'transient'],
])('the unknown number %i is guessed to be %s, and never a refusal', (number, errorClass) => {
  expect(isKnownNumber(number)).toBe(false);
  expect(findErrorRow({ number, text: 'new' })).toMatchObject({ errorClass, refusal: 'none' });
});

function classify(
  kind: 'read' | 'submit' | 'charge',
  ...numbers: number[]
): ReturnType<typeof classifyFaults> {
  const faults = numbers.map((number): ApiFault => ({ number, text: 'said so' }));
  return classifyFaults(
    { command: 'namecheap.ssl.example', kind, certificateId: null, httpStatus: 200, answer: '' },
    faults,
    true,
  );
}

describe('the verdict', () => {
  it.each([
    ['config', 1011102, 'pause'],
    ['address', 1011150, 'pause'],
    ['throttle', 500000, 'wait'],
    ['transient', 5050900, 'retry'],
    ['input', 2011294, 'fail'],
    ['state', 2011331, 'fail'],
    ['manual', 4020294, 'fail'],
    ['transient', 4024294, 'retry'],
  ])('of a read that ended with %s is right', (errorClass, number, verdict) => {
    expect(classify('read', number)).toMatchObject({
      errorClass,
      verdict,
      outcome: 'not-made',
      code: `ERR_NAMECHEAP_${errorClass.toUpperCase()}`,
    });
  });

  it.each([
    ['config', 1011102, 'not-made', 'pause'],
    ['input', 2011296, 'not-made', 'fail'],
    ['input', 3011296, 'not-made', 'fail'],
    ['manual', 4020294, 'not-made', 'fail'],
    ['state', 4011331, 'unclear', 'retry'],
    ['unclear', 3027295, 'unclear', 'retry'],
    ['unclear', 5050900, 'unclear', 'retry'],
    ['unclear', 2011999, 'unclear', 'retry'],
  ])('of a submission that ended with %s (%i) is %s and %s', (errorClass, number, outcome, verdict) => {
    expect(classify('submit', number)).toMatchObject({ errorClass, verdict, outcome });
  });

  it.each([[4028294], [4011331]])('of a charge keeps the state %i known, and is unclear', (number) => {
    expect(classify('charge', number)).toMatchObject({
      errorClass: 'state',
      outcome: 'unclear',
      verdict: 'retry',
    });
  });

  it.each([[2033409], [4011103], [5050900], [4011299], [4020294]])(
    'of a charge that ended with %i is unclear',
    (number) => {
      expect(classify('charge', number)).toMatchObject({
        errorClass: 'unclear',
        outcome: 'unclear',
        verdict: 'retry',
      });
    },
  );
});

/** The numbers that each command about an existing certificate documents, by what they say of a zero-filled answer. */
const ACTIVATE_REFUSALS = [
  ...[2010214, 2010294, 2010295, 2010296, 2010297, 2010326, 2010396, 2010667, 2010767, 2011166, 2011294],
  ...[2011295, 2011296, 2011297, 2011300, 2011301, 2011388, 2011389, 2011668, 2011767, 2011784, 2013900],
  ...[2014296, 2015182, 2030296, 2030332, 3011295, 3011296, 4011296, 4011297, 4011380, 4011900, 4020294],
];
const BY_COMMAND: [string, 'submit' | 'charge', { refused: number[]; doubtful: number[] }][] = [
  [
    'ssl.renew',
    'charge',
    {
      refused: [
        ...[2010167, 2010294, 2010301, 2011167, 2011170, 2011294, 2011301],
        ...[2012301, 2013167, 2013170, 2013294, 2013301, 4080167],
      ],
      doubtful: [2528166, 4011294, 4011331, 4028294],
    },
  ],
  [
    'ssl.purchasemoresans',
    'charge',
    {
      refused: [2011170, 2011294, 2011301, 2015167],
      doubtful: [2033409, 2528166, 4011299, 5050900],
    },
  ],
  [
    'ssl.reissue',
    'submit',
    {
      refused: ACTIVATE_REFUSALS,
      doubtful: [3022296, 3027295, 4011331, 4024294, 4024331, 4027295, 4035900, 4050900, 5050900],
    },
  ],
  ['ssl.resendApproverEmail', 'submit', { refused: [2011294, 3011295], doubtful: [2011331, 5050900] }],
  [
    'ssl.resendfulfillmentemail',
    'submit',
    { refused: [2010294, 2011294, 3011299], doubtful: [2011331, 3022334, 5050900] },
  ],
  ['ssl.revokecertificate', 'submit', { refused: [2011294, 2011300], doubtful: [4011331] }],
];

describe.each(BY_COMMAND)('of %s, a %s,', (_command, kind, { refused, doubtful }) => {
  it.each(refused)('%i proves that nothing was done', (number) => {
    expect(isKnownNumber(number)).toBe(true);
    const error = classify(kind, number);
    expect(error.outcome).toBe('not-made');
    expect(error.errorClass).toBe(findErrorRow({ number, text: '' }).errorClass);
  });

  it.each(doubtful)('%i proves nothing', (number) => {
    expect(isKnownNumber(number)).toBe(true);
    expect(classify(kind, number).outcome).toBe('unclear');
    // One doubtful number among refusals is enough.
    expect(classify(kind, 2011294, number).outcome).toBe('unclear');
  });
});

it('an invalid id by its other number, 4011294, refuses a submission but not a charge', () => {
  const fault = { number: 4011294, text: 'CertificateID is invalid' };
  expect(findErrorRow(fault)).toMatchObject({ errorClass: 'input', refusal: 'submit' });
});

it('nothing that proves an earlier success is a refusal', () => {
  const groups = [...CONNECTION_ROWS, ...CERTIFICATE_ROWS].filter(
    ({ provesEarlier }) => provesEarlier !== undefined,
  );
  expect(groups.flatMap(({ rows }) => Object.keys(rows))).toEqual(['4028294']);
  const found = [findErrorRow({ number: 4011331, text: 'Reissue in progress' }), ...groups];
  expect(found.map(({ refusal, provesEarlier }) => [refusal, provesEarlier])).toEqual([
    ['none', 'namecheap.ssl.reissue'],
    ['none', 'namecheap.ssl.renew'],
  ]);
});

describe('several errors', () => {
  it.each([
    ['address', [2011294, 1011150]],
    ['throttle', [2011294, 500000, 5050900]],
    ['transient', [2011294, 5050900]],
    ['state', [2011294, 2011331]],
  ])('the one that decides is %s', (errorClass, numbers) => {
    expect(classify('read', ...numbers).errorClass).toBe(errorClass);
  });
});
