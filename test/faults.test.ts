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
