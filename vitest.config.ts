import { defineConfig } from 'vitest/config';

const measuring = ['bench', 'deploys', 'gate', 'known-truth'].map((name) => `tests/${name}.test.ts`);
const limits = { testTimeout: 60_000, hookTimeout: 60_000 };

/** They need Docker, images and the time to start them: .ci/docker sees to that, and `npm test` leaves them out. */
const inDocker = ['tests/docker.test.ts'];
const asksForDocker = process.argv.includes('docker');

export default defineConfig({
  test: {
    reporters: ['default', './tests/closing-line-reporter.ts'],
    projects: [
      {
        test: {
          name: 'parts',
          include: ['{harness,servers,reports,scenarios,benchmarks,tests}/**/*.test.ts'],
          exclude: [...measuring, ...inDocker],
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
      ...(asksForDocker ? [{ test: { name: 'docker', include: inDocker, maxWorkers: 1, ...limits } }] : []),
    ],
  },
});
