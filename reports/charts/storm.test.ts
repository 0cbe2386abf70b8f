import { beforeAll, describe, expect, it } from 'vitest';
import { type Fonts, loadFonts } from '../draw/fonts.ts';
import { drawStandalone } from '../draw/svg.ts';
import { notBackRecord, unmeasuredStormRecord } from '../fixtures/odd-storm.ts';
import { buildStormRecord } from '../fixtures/storm.ts';
import { readRun } from '../run.ts';
import { readStorms, type Storm } from '../storm.ts';
import { squareRootTicks } from './axes.ts';
import type { Chart } from './chart.ts';
import { chartOfStorms, stormChart } from './storm.ts';
import { stormModelChart } from './storm-model.ts';
import { pointsOf, timeAxisOf } from './storm-time.ts';
import { contrast, plainTheme } from './theme.ts';

let fonts: Fonts;
beforeAll(async () => {
  fonts = await loadFonts();
});

const charted = (chart: Chart | null): Chart => {
  if (chart === null) throw new Error('expected a chart');
  return chart;
};
const stormsIn = (options: Parameters<typeof buildStormRecord>[0]): Storm[] =>
  readStorms(buildStormRecord(options).trials);

describe('the chart of storms', () => {
  it('states the peaks, ties included', () => {
    expect(charted(stormChart(readRun(buildStormRecord()))).title).toBe(
      'Fixed delay, exponential without jitter and browser EventSource (sse) hit the returned server with 500 attempts in 100 ms, exponential + full jitter with 23',
    );
  });

  it('tells a reader who cannot see it the figures of every panel, those not measured and not back too', () => {
    expect(charted(stormChart(readRun(unmeasuredStormRecord()))).alternative).toContain(
      'fixed delay: peak not measured, recovery not measured; ',
    );
    expect(charted(stormChart(readRun(notBackRecord()))).alternative).toMatch(
      /full jitter: peak 23 per 100 ms after return, \d+ of 500 not back/,
    );
  });

  it('has data that add up to every attempt', () => {
    const [storm] = stormsIn({ contenders: ['websocket+backoff=fixed'], clients: 40 });
    const { rows } = charted(chartOfStorms(storm === undefined ? [] : [storm], [])).data;
    const attempted = rows.map(([, cell = '']) => Number(cell.split(' / ')[0]));
    expect(attempted.filter((count) => !Number.isNaN(count)).reduce((sum, count) => sum + count, 0)).toBe(200);
  });

  it('is absent where no storm recorded its attempts', () => {
    expect(chartOfStorms([], [])).toBeNull();
    expect(stormChart(readRun({ ...buildStormRecord(), trials: [] }))).toBeNull();
  });

  it.each([1, 2, 5, 8])('draws a panel for each of %d strategies', async (count) => {
    const names = ['fixed', 'exponential', 'article', 'socket.io', 'signalr', 'phoenix', 'grpc', 'centrifuge'];
    const contenders = names.slice(0, count).map((name) => `websocket+backoff=${name}`);
    const run = readRun(buildStormRecord({ contenders, clients: 60 }));
    const svg = await drawStandalone(charted(stormChart(run)), 'light', fonts);
    expect(svg.match(/>down 4\.5 s</g)).toHaveLength(count);
    expect(svg.match(/>DB queries</g)).toHaveLength(count);
  });

  it('leaves out the row of the database where nobody asked it', async () => {
    const record = buildStormRecord({ contenders: ['websocket+backoff=fixed'], clients: 20 });
    const trials = record.trials.map((trial) => {
      const { dbQueries: _, ...series } = trial.timeline.series;
      return { ...trial, timeline: { ...trial.timeline, series } };
    });
    const chart = charted(chartOfStorms(readStorms(trials), ['simulated']));
    expect(chart.subtitle).toBe(
      'Connection attempts and clients connected per 100 ms (square-root scales) · simulated',
    );
    expect(await drawStandalone(chart, 'light', fonts)).not.toContain('DB queries');
  });

  it.each(['light', 'dark'] as const)('tells attempted from accepted without colour, in %s', (scheme) => {
    const { storm, grey } = plainTheme(scheme);
    expect(contrast(storm.attempted, storm.accepted)).toBeGreaterThan(1.8);
    expect(contrast(storm.accepted, grey.paper)).toBeGreaterThan(4.5);
  });
});

describe('the time axis', () => {
  it('begins shortly before the fault and ends when nothing moves any more', () => {
    const axis = timeAxisOf(stormsIn({ contenders: ['websocket+backoff=fixed'], clients: 500 }));
    expect(axis.fromUs).toBe(-1_000_000);
    expect(axis.untilUs).toBeGreaterThan(5_300_000);
    expect(axis.untilUs).toBeLessThan(6_000_000);
  });

  it('keeps the peak of a storm that is longer than can be drawn step by step', () => {
    const [storm] = stormsIn({ contenders: ['websocket+backoff=fixed'], downSeconds: 90, endSeconds: 120 });
    if (storm === undefined) throw new Error('expected a storm');
    const axis = timeAxisOf([storm]);
    expect(axis.stepsPerPoint).toBeGreaterThan(1);
    const points = pointsOf(storm, axis);
    expect(points.length).toBeLessThanOrEqual(421);
    expect(Math.max(...points.map(({ attempts }) => attempts ?? 0))).toBe(500);
    expect(charted(chartOfStorms([storm], [])).subtitle).toContain(`the busiest of every ${axis.stepsPerPoint}`);
  });
});

describe('measured against simulated', () => {
  const measured = stormsIn({});

  it('pairs by spelling and states how far the peaks are apart', async () => {
    const simulated = stormsIn({ seed: 9 });
    const chart = charted(stormModelChart(measured, simulated.slice(0, 2), ['500 clients']));
    expect(chart.data.rows.map(([label]) => label)).toEqual(['fixed delay', 'exponential without jitter']);
    expect(chart.title).toBe('Measurement and simulation agree on the peak after return');
    expect(chart.alternative).toContain('peak 500, simulated 500');
    expect(await drawStandalone(chart, 'dark', fonts)).toContain('>simulated<');
  });

  it('names the farthest pair, whichever side is higher', () => {
    const half = stormsIn({ contenders: ['websocket+backoff=fixed'], clients: 250 });
    const title = 'Measured and simulated peaks after return are 100 % apart';
    expect(stormModelChart(measured, half, [])?.title).toBe(title);
    expect(stormModelChart(half, measured, [])?.title).toBe(title);
  });

  it('is absent where nothing was both', () => {
    expect(stormModelChart(measured, stormsIn({ contenders: ['sse+backoff=fixed'] }), [])).toBeNull();
  });
});

it('ticks of a square-root scale begin at 0 and keep their distance', () => {
  expect(squareRootTicks(500, 64, 15)).toEqual([0, 50, 200, 500]);
  expect(squareRootTicks(1, 64, 15)).toEqual([0, 1]);
  expect(squareRootTicks(47_000, 64, 15)).toEqual([0, 5_000, 20_000]);
});
