// What the gate may be asked, and what is said of what it may not.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { elsewhere, readTargetFiles } from '../targets/target-file.ts';
import { type GateTargets, readGateRequest } from './gate-request.ts';
import { openSourceTree } from './source-tree.ts';

const raw = (values: Record<string, string> = {}) => ({ values, set: [], quick: false });
const read = (flags: Parameters<typeof readGateRequest>[0], values: Record<string, string> = {}) =>
  readGateRequest(flags, raw(values), { environment: {}, found: [] });

describe('a gate’s request', () => {
  it('is two stages of ten pairs with three contenders, or one pair for the deterministic figures', () => {
    const { bench, subjects, candidate } = read({ baseline: 'main' });
    expect(bench.trials).toHaveLength(20 * 3);
    expect(subjects.length).toBeLessThanOrEqual(4);
    expect(candidate).toBe('.');
    expect(read({ baseline: 'main', deterministic: true }).bench.trials).toHaveLength(3);
  });

  it('takes other contenders, conditions and metrics', () => {
    const { bench, subjects } = read(
      { baseline: 'main', metric: ['requestUs.p50'] },
      { contenders: 'polling', clients: '50' },
    );
    expect(bench.trials[0]).toMatchObject({ clients: 50, contender: { name: 'polling' } });
    expect(subjects).toEqual([{ metric: 'requestUs', quantile: 0.5 }]);
  });

  it('of chatty measures clients that act, under conditions of its own', () => {
    const { bench, subjects } = read({ baseline: 'main', scenario: 'chatty' });
    expect(bench.trials[0]).toMatchObject({
      scenario: 'chatty',
      clients: 100,
      audiences: 20,
      acting: { everyUs: 5e6 },
    });
    expect(subjects[0]).toEqual({ metric: 'action.seenByAllUs', quantile: 0.5 });
    expect(() => read({ baseline: 'main', metric: ['action.ackUs.p50'] })).toThrow(
      'action.ackUs is of trials in which',
    );
    expect(() => read({ baseline: 'main', scenario: 'chaty' })).toThrow("did you mean 'chatty'");
  });

  it('knows whether its timings were asked for by name', () => {
    expect(read({ baseline: 'main' }).isNamed).toBe(false);
    expect(read({ baseline: 'main', metric: ['freshnessUs.p50'] }).isNamed).toBe(true);
  });

  it('is refused for a metric that no contender of it can have', () => {
    const metric = ['storm.recoveryUs.max', 'requestUs.p50', 'freshnessUs.p50'];
    expect(() => read({ baseline: 'main', metric }, { contenders: 'sse,websocket' })).toThrow(
      expect.objectContaining({
        problems: [
          "--metric 'storm.recoveryUs.max': storm.recoveryUs is of trials in which something happens, and the gate measures dashboard, in which nothing does; expected another, such as freshnessUs.p50",
          "--metric 'requestUs.p50': none of sse, websocket has requestUs; expected a contender of polling in --contenders",
        ],
      }),
    );
    expect(read({ baseline: 'main', metric: ['requestUs.p50'] }, { contenders: 'polling,sse' }).subjects).toHaveLength(
      1,
    );
  });

  it('is refused where a metric is named that would not be judged', () => {
    expect(() => read({ baseline: 'main', deterministic: true, metric: ['freshnessUs.p50'] })).toThrow(
      expect.objectContaining({
        problems: ['--metric names a timing and --deterministic judges none; expected one of the two'],
      }),
    );
  });

  it('is refused with every problem at once', () => {
    expect(() => read({ metric: ['freshnes.p50', 'generator.errorUs'] }, { clients: 'many' })).toThrow(
      expect.objectContaining({
        problems: [
          expect.stringContaining('--baseline is missing'),
          expect.stringContaining("--metric 'freshnes.p50': metric 'freshnes' is not known"),
          expect.stringContaining("--metric 'generator.errorUs': generator.errorUs is neither better high nor low"),
          expect.stringContaining("--clients is 'many'"),
        ],
      }),
    );
  });
});

describe('a gate by URL', () => {
  it.each([
    [{ baseline: 'http://127.0.0.1:4000' }, 'expected two URLs, or none'],
    [{ baseline: 'main', candidate: 'ws://127.0.0.1:4000' }, 'expected two URLs, or none'],
    [{ baseline: 'http://127.0.0.1:4000', candidate: 'http://127.0.0.1:4001' }, 'expected --target-file with it'],
    [{ baseline: 'main', targetFile: 'target.ts' }, '--target-file is for two URLs'],
  ])('%j is refused', (flags, problem) => {
    expect(() => read(flags)).toThrow(expect.objectContaining({ problems: [expect.stringContaining(problem)] }));
  });

  it('measures both through one file, and judges what its transport can have', async () => {
    const file = 'examples/freshet/sse.ts';
    const urls = { baseline: 'http://127.0.0.1:4010', candidate: 'http://127.0.0.1:4011/other?audience={audience}' };
    const [baseline] = await readTargetFiles([file], { allowedHosts: [], url: urls.baseline });
    const [candidate] = await readTargetFiles([file], { allowedHosts: [], url: urls.candidate });
    expect(baseline?.definition).toMatchObject({
      url: 'http://127.0.0.1:4010/events?audience={audience}',
      metrics: 'http://127.0.0.1:4010/metrics',
    });
    expect(candidate?.definition).toMatchObject({ url: urls.candidate, metrics: 'http://127.0.0.1:4011/metrics' });
    const targets = { baseline, candidate } as GateTargets;
    const request = readGateRequest({ ...urls, targetFile: file }, raw(), { environment: {}, found: [], targets });
    expect(request.bench.trials.map(({ contender }) => contender.name)).toEqual(Array(20).fill('freshet-sse'));
    expect(request.subjects.map(({ metric }) => metric)).toEqual([
      'freshnessUs',
      'freshnessUs',
      'server.cpuMsPerSecond',
    ]);
  });

  it('leaves out what would be of one server and said of both', () => {
    const whole = {
      transport: 'websocket',
      url: 'ws://127.0.0.1:1/ws',
      pid: 7,
      role: 'api',
      run: 'x',
      faults: {},
    } as const;
    expect(elsewhere({ ...whole, metrics: 'http://127.0.0.1:9/metrics' }, 'http://127.0.0.1:2')).toEqual({
      transport: 'websocket',
      url: 'ws://127.0.0.1:2/ws',
    });
  });
});

describe('a version', () => {
  it('is a directory, or a commit that is unpacked with what servers need', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'freshet-tree-'));
    try {
      expect(await openSourceTree('--candidate', '.', directory)).toEqual({ root: process.cwd(), git: null });
      const { root, git } = await openSourceTree('--baseline', 'HEAD', directory);
      expect(git).toMatch(/^[0-9a-f]{12}$/);
      expect((await readdir(root)).sort()).toEqual(['node_modules', 'package-lock.json', 'package.json', 'servers']);
      expect(await readFile(join(root, 'servers/main.ts'), 'utf8')).not.toBe('');
      for (const nothing of ['no-such-ref', '--help', ''])
        await expect(openSourceTree('--baseline', nothing, directory)).rejects.toMatchObject({
          kind: 'input',
          message: expect.stringContaining(`--baseline is '${nothing}'; expected a git ref`),
        });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
