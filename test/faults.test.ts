import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseInput } from '../src/faults.js';

it.each([
  ['years', 'years: is not a known field'],
  ['', '"": is not a known field'],
  ['a\nb', String.raw`"a\nb": is not a known field`],
  ['x'.repeat(40_000), `"${'x'.repeat(60)}": is not a known field`],
])('names a field that nobody knows, however it is called', (name, fault) => {
  expect(() => parseInput(z.strictObject({}), { [name]: 1 }, 'The job')).toThrow(
    `The job is not valid: ${fault}; remove it or check its spelling`,
  );
});

it.each([
  [[{ a: 1 }], '0: is nothing that may stand here'],
  [['c'], '0: give one of a, b'],
])('tells in words of its own what may stand in a list: %j', (value, fault) => {
  const union = z.union([z.string(), z.number()]);
  const schema = z.array(typeof value[0] === 'string' ? z.enum(['a', 'b']) : union);
  expect(() => parseInput<unknown>(schema, value, 'The list')).toThrow(`The list is not valid: ${fault}`);
});
