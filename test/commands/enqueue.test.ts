import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobs } from '../../jobs/index.js';
import { addFields } from '../../src/commands/enqueue-payload.js';
import { readWords } from '../../src/commands/enqueue-words.js';
import { sealKey } from '../../src/modules/seal.js';
import { createServiceId } from '../helpers/orders.js';
import { System } from '../helpers/system.js';
import { TEST_CSR } from '../helpers/test-csr.js';
import { run, type CommandRun } from './command-line.js';

let system: System;
let csrFile: string;

beforeAll(async () => {
  system = await System.start({ sandbox: { limits: [0, 0, 0] }, parameters: { limits: [0, 0, 0] } });
  csrFile = path.join(system.folder, 'order.csr');
  await writeFile(csrFile, TEST_CSR);
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

const enqueue = (argv: readonly string[], stdin = ''): Promise<CommandRun> =>
  run(['enqueue', ...argv], { env: system.environment, stdin });

function orderFlags(serviceId: string, ...more: string[]): string[] {
  return [
    'order',
    '--serviceId',
    serviceId,
    '--type',
    'PositiveSSL',
    '--years',
    '2',
    '--csr',
    `@${csrFile}`,
    '--dcv.method',
    'dns',
    ...more,
  ];
}

describe('enqueue', () => {
  it("makes the order durable, adds the job and prints only the job's id", async () => {
    const serviceId = createServiceId();
    const { code, stdout } = await enqueue(orderFlags(serviceId));
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^order-${serviceId}-[0-9a-f]{8}\n$`));
    expect(await system.readRecord(serviceId)).toMatchObject({ years: 2, commonName: 'record.example.com' });
  });

  it('takes the payload from stdin, with fields laid over it, and from a file', async () => {
    const [first, second] = [createServiceId(), createServiceId()];
    const payload = {
      serviceId: first,
      type: 'PositiveSSL',
      years: 1,
      csr: TEST_CSR,
      dcv: { method: 'http' },
    };
    expect(await enqueue(['order', '-', '--years', '3'], JSON.stringify(payload))).toMatchObject({ code: 0 });
    expect(await system.readRecord(first)).toMatchObject({ years: 3 });

    const file = path.join(system.folder, 'payload.json');
    await writeFile(file, JSON.stringify({ ...payload, serviceId: second }));
    const { code, stdout } = await enqueue(['order', file, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ job: 'order', id: expect.stringContaining(second) as string });
  });

  it('lists every fault of the payload and changes nothing', async () => {
    const { code, stdout, stderr } = await enqueue([
      'order',
      '--serviceId',
      'bad id',
      '--years',
      'many',
      '--colour',
      'blue',
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const field of ['serviceId', 'years', 'type', 'csr', 'dcv', 'colour'])
      expect(stderr).toContain(`  - ${field}: `);
  });

  it('names an unknown type with the faults of other fields', async () => {
    const { code, stderr } = await enqueue(['order', '--type', 'Foo', '--years', '6', '--csr', 'x']);
    expect(code).toBe(2);
    expect(stderr).toContain('  - type: "Foo" is not known; known are ');
    for (const field of ['serviceId', 'years', 'csr', 'dcv']) expect(stderr).toContain(`  - ${field}: `);
  });

  it.each([
    [[], 'say which job: order, renew, reissue, '],
    [['bake'], '"bake" is not a job'],
    [['order', '/nowhere/payload.json'], 'FILE: cannot read /nowhere/payload.json'],
    [['order', '--csr', '@/nowhere/a.csr'], '--csr: cannot read /nowhere/a.csr'],
    [['order', '-'], 'stdin is not JSON'],
    [['order', '--wait', 'order'], 'give whole seconds'],
  ])('refuses %j with exit code 2', async (argv, said) => {
    const { code, stderr } = await enqueue(argv);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });

  it('tells bad input before it looks for Redis', async () => {
    const { code } = await run(['enqueue', 'order', '--serviceId', 'x'], {
      env: { ...system.environment, REDIS_URL: 'redis://127.0.0.1:1' },
    });
    expect(code).toBe(2);
  });

  it('fails where the module is not known', async () => {
    const { code, stderr } = await enqueue(orderFlags(createServiceId(), '--module', 'nobody'));
    expect(code).toBe(2);
    expect(stderr).toContain('there is no module "nobody"');
  });

  it('shows every job with its example in --help', async () => {
    const { code, stdout } = await enqueue(['--help']);
    expect(code).toBe(0);
    for (const job of ['order', 'test', 'collect'])
      expect(stdout).toMatch(new RegExp(`echo '\\{.*\\}' \\| pmnamecheap enqueue ${job} -`));
  });
});

describe('enqueue <job> --help', () => {
  const help = async (job: string) => (await enqueue([job, '--help'])).stdout;

  it('shows each field with what it takes, and whether it must be given', async () => {
    const order = await help('order');
    expect(order).toMatch(/^ {2}--serviceId +text, required$/m);
    expect(order).toMatch(/^ {2}--years +integer 1 to 5, required$/m);
    expect(order).toMatch(/^ {2}--dcv\.method +email \| http \| dns, required$/m);
    expect(order).toMatch(/^ {2}--dcvs +JSON list of \{domain, method, approverEmail\?\}$/m);
    expect(order).toMatch(/^ {2}--module +text \("default" unless said\)$/m);
    expect(order).not.toContain('enqueue revoke');
    expect(await help('renew')).toMatch(/--dcv\.method +email \| http \| dns, required with --dcv\.\*$/m);
    expect(await help('scan')).toContain('It has no fields.');
  });

  it.each([...jobs.values()])(
    '$name: its example is a command that is taken as it stands',
    async ({ name, schema }) => {
      const [, line = ''] = /Example:\n {2}pmnamecheap (.*)$/m.exec(await help(name)) ?? [];
      const words = line.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", '')) ?? [];
      const { job, fields } = readWords(words.slice(1));
      const definition = jobs.get(job ?? '');
      if (definition === undefined) throw new Error(`no job in: ${line}`);
      const payload = await addFields(definition, {}, fields, () => Promise.resolve(TEST_CSR));
      expect([job, schema.safeParse(payload).error]).toEqual([name, undefined]);
    },
  );
});

describe('enqueue --wait', () => {
  it('prints id and result with what is to be published', async () => {
    const serviceId = createServiceId();
    const { code, stdout } = await enqueue(orderFlags(serviceId, '--wait', '20'));
    expect(code).toBe(0);
    const record = await system.readRecord(serviceId);
    const [instruction] = record?.validation ?? [];
    if (instruction?.method !== 'dns') throw new Error('the sandbox answered without a DNS instruction');
    expect(stdout).toContain(`${instruction.host} CNAME ${instruction.target}`);
    expect(stdout).toMatch(/^status +pending-validation$/m);
    expect(stdout).toMatch(/^charged +17\.7600 USD$/m);
  });

  it('prints with --json exactly the return value, one document', async () => {
    const serviceId = createServiceId();
    const { code, stdout, stderr } = await enqueue(orderFlags(serviceId, '--wait', '--json'));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      serviceId,
      module: 'default',
      type: 'Standard SSL',
      requestedType: 'PositiveSSL',
      endDate: null,
    });
    expect(stderr).toContain(`order-${serviceId}-`);
  });

  it('exits 0 with a failed connection test: such a job completes', async () => {
    await system.addModule('strange', {}, { clientIp: '192.0.2.50' });
    const { code, stdout } = await enqueue(['test', '--module', 'strange', '--wait', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, checks: { length: 3 } });
  });

  it('exits 1 with the reason when the job fails', async () => {
    const account = { username: 'sandbox', sandbox: true, endpoint: system.sandbox.url };
    const strange = sealKey('an-api-key-0123456789', randomBytes(32).toString('base64'), account);
    await system.addModule('sealed-elsewhere', {}, { sealedKey: strange });
    const { code, stdout, stderr } = await enqueue([
      'test',
      '--module',
      'sealed-elsewhere',
      '--wait',
      '--json',
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/The job failed: ERR_SEALED_KEY: .*PMNAMECHEAP_SECRET_KEY/);
  });

  it('does not add a test of a module that is not known', async () => {
    const { code, stdout } = await enqueue(['test', '--module', 'nobody', '--wait', '--json']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('exits 1 when it has not ended in time, and says what it waits for and where to look', async () => {
    await using idle = await System.start({ worker: false });
    const argv = ['enqueue', ...orderFlags('1001', '--wait', '1')];
    const { code, stderr } = await run(argv, { env: idle.environment });
    expect(code).toBe(1);
    expect(stderr).toContain('no worker has taken it yet');
    expect(stderr).toContain('pmnamecheap certificate show 1001');
  });

  it('says how often it was tried, and why that failed, while it backs off', async () => {
    await using idle = await System.start({ worker: false });
    await idle.addModule('default', {}, { endpoint: 'http://127.0.0.1:1/xml.response' });
    await idle.startWorker();
    const { code, stderr } = await run(['enqueue', 'balance', '--module', 'default', '--wait', '4'], {
      env: idle.environment,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/tried (once|\d+ times): .*, it is tried again/);
    expect(stderr).not.toContain('no worker has taken it yet');
  });

  it('stops waiting when it is interrupted; the order stays', async () => {
    await using idle = await System.start({ worker: false });
    const stop = AbortSignal.abort();
    const { code, stderr } = await run(['enqueue', ...orderFlags('1002', '--wait')], {
      env: idle.environment,
      stop,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('Stopped waiting. It goes on by itself');
    expect(await idle.readRecord('1002')).toMatchObject({ status: 'accepted' });
  });
});

describe('enqueue --dry-run', () => {
  it('prints what an order means and adds nothing', async () => {
    const serviceId = createServiceId();
    const { code, stdout } = await enqueue(orderFlags(serviceId, '--dry-run', '--json'));
    expect(code).toBe(0);
    const { checks } = JSON.parse(stdout) as { checks: { check: string; detail: string }[] };
    expect(checks.map(({ check, detail }) => `${check}: ${detail}`)).toEqual([
      'product: PositiveSSL (dv-single), 2 years',
      'validation level: DV',
      'common name: record.example.com',
      'names: record.example.com',
      'key: EC P-256',
      'DCV: record.example.com by dns',
      'module: default (sandbox, sandbox)',
      `service: ${serviceId} is new`,
      expect.stringMatching(
        /^price: 17\.7600 USD for 2 years as Standard SSL \(price list read \d+ s ago\)$/,
      ) as string,
    ]);
    expect(await system.readRecord(serviceId)).toBeNull();
  });

  it('exits 1 where the module is missing or the service was ordered otherwise', async () => {
    const unknown = await enqueue(orderFlags(createServiceId(), '--module', 'nobody', '--dry-run'));
    expect(unknown.code).toBe(1);
    expect(unknown.stdout).toMatch(/fail +module +there is no "nobody"/);

    const serviceId = createServiceId();
    await enqueue(orderFlags(serviceId));
    expect((await enqueue(orderFlags(serviceId, '--dry-run'))).stdout).toContain(
      'nothing would be bought again',
    );
    const differs = await enqueue(orderFlags(serviceId, '--promotionCode', 'SAVE', '--dry-run'));
    expect(differs.code).toBe(1);
    expect(differs.stdout).toMatch(/fail +service +.*promotionCode/);
  });

  it('checks other jobs too', async () => {
    const { code, stdout } = await enqueue(['test', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ok +payload +valid/);
  });
});
