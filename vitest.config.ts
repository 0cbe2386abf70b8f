import { defineConfig } from 'vitest/config';

const limits = { testTimeout: 60_000, hookTimeout: 60_000 };

/** A benchmark from end to end: what a busy machine would spoil is not what they look at. */
const wholeRuns = ['agent-clocks', 'agents', 'bench', 'deploys', 'gate', 'outages', 'stories', 'storm', 'targets'].map(
  (name) => `tests/${name}.test.ts`,
);
/** They hold what was measured against what is known, so nothing else may be measured meanwhile. */
const exact = ['tests/known-truth.test.ts', 'harness/swarm/slow-network.test.ts', 'harness/swarm/stall.test.ts'];
/** They end processes, or look at all that a machine runs: a process of its own for each file. */
const apart = ['harness/services/**/*.test.ts', 'tests/**/*.test.ts'];
/** They need Docker, images and the time to start them: .ci/docker sees to that, and `npm test` leaves them out. */
const inDocker = ['tests/docker.test.ts'];
const asksForDocker = process.argv.includes('docker');

/** Real services and real processes, and clients that must answer in time: no more at once than two cores bear, in a file as among files. */
const besides = { maxWorkers: 2, maxConcurrency: 2, sequence: { groupOrder: 1 }, ...limits };

export default defineConfig({
  test: {
    reporters: ['default', './tests/closing-line-reporter.ts'],
    projects: [
      {
        test: {
          name: 'parts',
          include: ['{harness,servers,reports,scenarios,benchmarks}/**/*.test.ts'],
          exclude: [...apart, ...exact],
          isolate: false,
          ...besides,
        },
      },
      { test: { name: 'apart', include: apart, exclude: [...wholeRuns, ...exact, ...inDocker], ...besides } },
      {
        // Most of their time is waiting.
        test: { name: 'whole', include: wholeRuns, maxWorkers: 3, sequence: { groupOrder: 2 }, ...limits },
      },
      {
        test: { name: 'exact', include: exact, maxWorkers: 1, sequence: { groupOrder: 3 }, ...limits },
      },
      ...(asksForDocker ? [{ test: { name: 'docker', include: inDocker, maxWorkers: 1, ...limits } }] : []),
    ],
  },
});
