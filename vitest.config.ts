import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{harness,servers,reports,scenarios,tests}/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests start real services and measure real processes: more at once than cores would only make them slow.
    maxWorkers: 2,
    reporters: ['default', './tests/closing-line-reporter.ts'],
  },
});
