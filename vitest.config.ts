import { defineConfig } from 'vitest/config';

const limits = { testTimeout: 60_000, hookTimeout: 60_000 };

/** Rooms of pure functions: their tests need no process of their own. */
const pure = ['reports', 'harness/{contract,measure,model,plan,record}'].map((room) => `${room}/**/*.test.ts`);
/** A benchmark from end to end: what a busy machine would spoil is not what they look at. */
const wholeRuns = ['bench', 'deploys', 'gate', 'outages', 'stories', 'storm', 'targets'].map(
  (name) => `tests/${name}.test.ts`,
);
/** They hold what was measured against what is known, so nothing else may be measured meanwhile. */
const exact = ['tests/known-truth.test.ts'];
/** They need Docker, images and the time to start them: .ci/docker sees to that, and `npm test` leaves them out. */
const inDocker = ['tests/docker.test.ts'];
const asksForDocker = process.argv.includes('docker');

export default defineConfig({
  test: {
    reporters: ['default', './tests/closing-line-reporter.ts'],
    projects: [
      {
        test: { name: 'pure', include: pure, isolate: false, maxWorkers: 2, sequence: { groupOrder: 0 }, ...limits },
      },
      {
        test: {
          name: 'parts',
          include: ['{harness,servers,reports,scenarios,benchmarks,tests}/**/*.test.ts'],
          exclude: [...pure, ...wholeRuns, ...exact, ...inDocker],
          // Real services and real processes, most of whose time is waiting: one more at once than this machine's two cores.
          maxWorkers: 3,
          // The same of tests in one file that are marked concurrent.
          maxConcurrency: 3,
          sequence: { groupOrder: 1 },
          ...limits,
        },
      },
      {
        test: { name: 'whole', include: wholeRuns, maxWorkers: 2, sequence: { groupOrder: 2 }, ...limits },
      },
      {
        test: { name: 'exact', include: exact, maxWorkers: 1, sequence: { groupOrder: 3 }, ...limits },
      },
      ...(asksForDocker ? [{ test: { name: 'docker', include: inDocker, maxWorkers: 1, ...limits } }] : []),
    ],
  },
});
