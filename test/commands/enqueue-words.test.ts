import { describe, expect, it } from 'vitest';
import { addFields, parsePayload } from '../../src/commands/enqueue-payload.js';
import { readWords } from '../../src/commands/enqueue-words.js';
import { InputError } from '../../src/errors.js';
import { order } from '../../jobs/order.js';
import { test as testJob } from '../../jobs/test.js';
import type { JobDefinition } from '../../src/job.js';

const FILES: Readonly<Record<string, string>> = {
  'names.txt': 'a.example.com\nb.example.com\n',
  'a.csr': 'PEM\n',
};
const readFile = (path: string) => Promise.resolve(FILES[path] ?? 'missing');

async function compose(definition: JobDefinition, base: Record<string, unknown>, ...words: string[]) {
  return await addFields(definition, base, readWords([definition.name, ...words]).fields, readFile);
}

describe('readWords', () => {
  it('finds job, file and fields in any order', () => {
    expect(readWords(['--serviceId', '7', 'order', '--years=2', '-'])).toEqual({
      job: 'order',
      file: '-',
      fields: [
        { flag: '--serviceId', path: ['serviceId'], text: '7' },
        { flag: '--years', path: ['years'], text: '2' },
      ],
    });
  });

  it('takes a PEM text and a negative number as values, and hyphens in the name of a field', () => {
    const { fields } = readWords([
      'order',
      '--csr',
      '-----BEGIN X-----',
      '--service-id',
      '-5',
      '--dcv.approver-email=a=b',
    ]);
    expect(fields.map(({ path, text }) => [path.join('.'), text])).toEqual([
      ['csr', '-----BEGIN X-----'],
      ['serviceId', '-5'],
      ['dcv.approverEmail', 'a=b'],
    ]);
  });

  it.each([
    [['order', '--serviceId'], '--serviceId needs a value'],
    [['order', '--serviceId', '--years', '1'], '--serviceId needs a value'],
    [['order', '--dcv..method', 'dns'], '--dcv..method is not the name of a field'],
    [['order', '--__proto__.x', '1'], 'is not the name of a field'],
    [['order', 'a.json', 'b.json'], 'too many words: b.json'],
  ])('refuses %j', (words, fault) => {
    expect(() => readWords(words)).toThrow(InputError);
    expect(() => readWords(words)).toThrow(fault);
  });
});

describe('addFields', () => {
  it("converts by the job's schema: the service stays a text, years are a number, names a list", async () => {
    const words = [
      '--serviceId',
      '1001',
      '--years',
      '5',
      '--sans',
      'a.example.com, b.example.com',
      '--csr',
      '@a.csr',
      '--dcv.method',
      'dns',
    ];
    expect(await compose(order as JobDefinition, {}, ...words)).toEqual({
      serviceId: '1001',
      years: 5,
      sans: ['a.example.com', 'b.example.com'],
      csr: 'PEM\n',
      dcv: { method: 'dns' },
    });
  });

  it('lays fields over the file, gathers repeated lists, reads lists from files and JSON', async () => {
    const base = { years: 1, dcv: { method: 'email', approverEmail: 'admin@example.com' } };
    const words = [
      '--years',
      '2',
      '--dcv.approverEmail',
      'webmaster@example.com',
      '--sans',
      '@names.txt',
      '--sans',
      'c.example.com',
    ];
    expect(
      await compose(
        order as JobDefinition,
        base,
        ...words,
        '--dcvs',
        '[{"domain":"b.example.com","method":"dns"}]',
      ),
    ).toEqual({
      years: 2,
      dcv: { method: 'email', approverEmail: 'webmaster@example.com' },
      sans: ['a.example.com', 'b.example.com', 'c.example.com'],
      dcvs: [{ domain: 'b.example.com', method: 'dns' }],
    });
    expect(base.dcv.approverEmail).toBe('admin@example.com');
  });

  it('converts truth values, and looks through the refinements of a schema', async () => {
    const words = [
      '--settings.sandbox',
      'true',
      '--settings.username',
      'true',
      '--settings.clientIp',
      '192.0.2.1',
    ];
    expect(await compose(testJob as JobDefinition, {}, ...words)).toEqual({
      settings: { sandbox: true, username: 'true', clientIp: '192.0.2.1' },
    });
  });

  it('refuses a field given twice and a list that is not JSON', async () => {
    const words = ['--years', '1', '--years', '2', '--dcvs', '[{'];
    await expect(compose(order as JobDefinition, {}, ...words)).rejects.toMatchObject({
      faults: ['--years is given twice', expect.stringContaining('--dcvs is not JSON') as string],
    });
  });
});

it.each(['[]', '"text"', 'null', '{"a":'])('parsePayload refuses %s', (text) => {
  expect(() => parsePayload(text, 'stdin')).toThrow(/stdin (is not JSON|must be one JSON object)/);
});
