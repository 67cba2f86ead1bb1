import { expect, test } from 'vitest';
import { Agenda } from '../../src/sandbox/agenda.js';

test('gives what is due, the earliest first and equals as they came, and gives it once', () => {
  const agenda = new Agenda<string>();
  for (const [at, item] of [
    [30, 'c'],
    [10, 'a'],
    [20, 'b1'],
    [40, 'd'],
    [20, 'b2'],
  ] as const) {
    agenda.add({ at, item });
  }
  const take = (now: number): string[] => agenda.takeUntil(now).map(({ item }) => item);
  expect(take(9)).toEqual([]);
  expect(take(20)).toEqual(['a', 'b1', 'b2']);
  expect(take(20)).toEqual([]);
  agenda.add({ at: 5, item: 'late' });
  expect(take(100)).toEqual(['late', 'c', 'd']);
});
