import { defineConfig } from 'vitest/config';

const measuring = ['bench', 'deploys', 'gate', 'known-truth', 'zombies'].map((name) => `tests/${name}.test.ts`);
const limits = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    reporters: ['default', './tests/closing-line-reporter.ts'],
    projects: [
      {
        test: {
          name: 'parts',
          include: ['{harness,servers,reports,scenarios,benchmarks,tests}/**/*.test.ts'],
          exclude: measuring,
          // Tests start real services and real processes: more at once than cores would only make them slow.
          maxWorkers: 2,
          // The same of tests in one file that are marked concurrent.
          maxConcurrency: 2,
          sequence: { groupOrder: 0 },
          ...limits,
        },
      },
      {
        // A benchmark beside other work measures that work, and says so by voiding its figures: it runs last and alone.
        test: { name: 'whole', include: measuring, maxWorkers: 1, sequence: { groupOrder: 1 }, ...limits },
      },
    ],
  },
});
