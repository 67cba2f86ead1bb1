import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/faults/long.faults.ts'],
    reporters: ['dot'],
    disableConsoleIntercept: true,
    hookTimeout: 60_000,
    retry: 0,
  },
});
