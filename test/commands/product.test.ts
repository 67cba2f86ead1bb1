import { afterAll, beforeAll, expect, it } from 'vitest';
import { listProducts } from '../../config/products.js';
import { System } from '../helpers/system.js';
import { run, type CommandRun } from './command-line.js';

let system: System;
const list = (...argv: string[]): Promise<CommandRun> =>
  run(['product', 'list', ...argv], { env: system.environment });

beforeAll(async () => {
  system = await System.start({ sandbox: { limits: [0, 0, 0] } });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

it('lists every type, calls nobody, and says how prices come in', async () => {
  const { code, stdout, stderr } = await list();
  expect(code).toBe(0);
  for (const name of listProducts().flatMap(({ names }) => names)) expect(stdout).toContain(name);
  expect(stdout).toMatch(/^SAN Certificate +DV +multi +3 of 100 +1–5 +– +–/m);
  expect(stderr).toContain('pmnamecheap enqueue prices --module default --wait');
  expect((await system.readLedger()).calls).toEqual([]);
});

it('shows the prices that a worker read, as a table and as JSON', async () => {
  await system.run('prices', {});
  const { stdout, stderr } = await list('--module', 'default');
  expect(stdout).toMatch(/^Standard SSL +DV +single +1 +1–5 +8\.8800 USD +44\.4000 USD +PositiveSSL, /m);
  expect(stderr).toMatch(/Prices of "default" .* read \d+ s ago/);

  const { products, pricesAt } = JSON.parse((await list('--json')).stdout) as {
    pricesAt: string;
    products: { type: string; prices: unknown[] }[];
  };
  expect(Date.parse(pricesAt)).toBeGreaterThan(0);
  expect(products).toHaveLength(listProducts().length);
  expect(products[0]).toMatchObject({
    ...{ type: 'Standard SSL', otherTypes: ['PositiveSSL', 'EssentialSSL'], canonical: 'dv-single' },
    ...{ validation: 'dv', coverage: 'single', includedNames: 1, maxNames: 1, maxYears: 5 },
  });
  expect(products[0]?.prices).toContainEqual({
    ...{ type: 'Standard SSL', action: 'PURCHASE', years: 5, amount: '44.4000', currency: 'USD' },
  });
});

it('names the known modules when it does not know one', async () => {
  const { code, stderr } = await list('--module', 'nobody');
  expect(code).toBe(2);
  expect(stderr).toContain('there is no module "nobody" (known: default)');
});
