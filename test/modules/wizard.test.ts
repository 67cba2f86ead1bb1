import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/commands/main.js';
import { System } from '../helpers/system.js';
import { Keyboard, readWholeRedis, Screen } from '../commands/command-line.js';

const KEY = 'k9-held-by-the-tests-of-the-wizard';
const ENTER = '\r';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';
const CLEAR = '\u0015';

let system: System;
beforeAll(async () => {
  system = await System.start({ sandbox: { apiKey: KEY, limits: [0, 0, 0] } });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

/** Each question (a text that appears) and the keys pressed then. */
type Script = readonly (readonly [question: string, keys: string])[];

async function play(argv: readonly string[], script: Script, isClosed = false) {
  const [stdin, stdout, stderr] = [new Keyboard(), new Screen(), new Screen()];
  const terminal = { stdin, stdout, stderr, env: system.environment, stop: new AbortController().signal };
  const code = runCommandLine(['module', 'add', ...argv], '0.0.0', terminal);
  for (const [question, keys] of script) {
    await stderr.until(question);
    stdin.write(keys);
  }
  if (isClosed) stdin.end();
  return { code: await code, stdout: stdout.text, stderr: stderr.text };
}

const STEPS_1_AND_2: Script = [
  ['Product type', ENTER],
  ['Processing module', ENTER],
];

function answerSettings(clientIp = '127.0.0.1', key = KEY): Script {
  return [
    ['Username', `sandbox${ENTER}`],
    ['API user', ENTER],
    ['API key', `${key}${ENTER}`],
    ['BILLmanager IP', `${clientIp}${ENTER}`],
  ];
}

const STEP_4: Script = [
  ['API calls', ENTER],
  ['Purchases per hour', `12${ENTER}`],
  ['Spending per day', `abc${ENTER}`],
  ['give an amount', `${CLEAR}250.5${ENTER}`],
  ['Warn when the balance', ENTER],
  ['spend from this balance', 'y'],
];

describe('the wizard of module add', () => {
  it('goes through four steps, tests the connection and stores the module', async () => {
    const endpoint = ['--endpoint', system.sandbox.url];
    const script = [
      ...STEPS_1_AND_2,
      ['Namecheap account', ENTER] as const,
      ...answerSettings(),
      ['Sandbox', 'y'] as const,
      ...STEP_4,
    ];
    const { code, stdout, stderr } = await play(['first', ...endpoint], script);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Module first is stored') as string,
    });
    for (const step of [1, 2, 3, 4]) expect(stderr).toContain(`Step ${step} of 4`);
    expect(await system.app.store.modules.load('first')).toMatchObject({
      ...{
        username: 'sandbox',
        apiUser: 'sandbox',
        clientIp: '127.0.0.1',
        sandbox: true,
        endpoint: system.sandbox.url,
      },
      parameters: {
        limits: [20, 700, 8000],
        maxPurchasesPerHour: 12,
        maxSpendPerDay: '250.5',
        lowBalance: null,
        sharedBalance: true,
      },
    });
    expect(stdout + stderr).not.toContain(KEY);
    expect(await readWholeRedis(system.app.store.redis)).not.toContain(KEY);
  });

  it('shows where an account is opened and what to switch on, and goes on to the settings', async () => {
    const script: Script = [
      ...STEPS_1_AND_2,
      ['Namecheap account', `${DOWN}${ENTER}`],
      ['Sandbox', 'y'],
      ['https://www.sandbox.namecheap.com/myaccount/signup/', ''],
      ['allow-list', ''],
      ['When this is done', ENTER],
      ...answerSettings(),
      ...STEP_4,
    ];
    const { code } = await play(['second', '--endpoint', system.sandbox.url], script);
    expect(code).toBe(0);
    expect(await system.app.store.modules.load('second')).toMatchObject({ sandbox: true });
  });

  it('may stop after the registration link: nothing is changed', async () => {
    const script: Script = [
      ...STEPS_1_AND_2,
      ['Namecheap account', `${DOWN}${ENTER}`],
      ['Sandbox', 'n'],
      ['https://www.namecheap.com/myaccount/signup/', ''],
      ['When this is done', `${DOWN}${ENTER}`],
    ];
    const { code, stderr } = await play(['later'], script);
    expect(code).toBe(2);
    expect(stderr).toContain('Nothing was changed');
    expect(await system.app.store.modules.load('later')).toBeNull();
  });

  it('refuses a wrong answer on the spot', async () => {
    const script: Script = [
      ...STEPS_1_AND_2,
      ['Namecheap account', ENTER],
      ...answerSettings('127.0.0'),
      ['give the IPv4 address', `.1${ENTER}`],
      ['Sandbox', 'y'],
      ...STEP_4,
    ];
    const { code } = await play(['third', '--endpoint', system.sandbox.url], script);
    expect(code).toBe(0);
    expect(await system.app.store.modules.load('third')).toMatchObject({ clientIp: '127.0.0.1' });
  });

  it('stores nothing when the connection test fails', async () => {
    const wrong = 'another-key-than-the-sandbox-has';
    const script = [
      ...STEPS_1_AND_2,
      ['Namecheap account', ENTER] as const,
      ...answerSettings('127.0.0.1', wrong),
      ['Sandbox', 'y'] as const,
      ...STEP_4,
    ];
    const { code, stdout, stderr } = await play(['failed', '--endpoint', system.sandbox.url], script);
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot connect to the processing module');
    expect(stdout + stderr).not.toContain(wrong);
    expect(await system.app.store.modules.load('failed')).toBeNull();
  });

  it.each([
    ['Ctrl-C', CTRL_C, false],
    ['the end of the input', '', true],
  ])('is left by %s: exit code 2, nothing changed', async (_what, keys, isClosed) => {
    const { code, stderr } = await play(
      ['left'],
      [...STEPS_1_AND_2, ['Namecheap account', ENTER], ['Username', keys]],
      isClosed,
    );
    expect(code).toBe(2);
    expect(stderr).toContain('Nothing was changed');
    expect(await system.app.store.modules.load('left')).toBeNull();
  });

  it('tells before the first question what would stop it at the end', async () => {
    const terminal = {
      stdin: new Keyboard(),
      stdout: new Screen(),
      stderr: new Screen(),
      stop: new AbortController().signal,
    };
    const env = { ...system.environment, PMNAMECHEAP_SECRET_KEY: undefined };
    expect(await runCommandLine(['module', 'add'], '0.0.0', { ...terminal, env })).toBe(2);
    expect(
      await runCommandLine(['module', 'add'], '0.0.0', {
        ...terminal,
        env: { ...system.environment, REDIS_URL: 'redis://127.0.0.1:1' },
      }),
    ).toBe(1);
    expect(terminal.stderr.text).toContain('openssl rand -base64 32');
    expect(terminal.stderr.text).not.toContain('Step 1 of 4');
  });
});
