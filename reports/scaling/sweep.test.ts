import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../harness/contract/record.ts';
import { crossoverChart } from '../charts/crossover.ts';
import { oddRecords } from '../fixtures/odd.ts';
import { buildRecord } from '../fixtures/record.ts';
import { buildSweepRecord, sweptClients } from '../fixtures/sweep.ts';
import { readRun, type Sweep } from '../run.ts';
import { renderTerminalTable } from '../table/terminal.ts';
import { type CostMetric, compareCosts, costMetrics, costsOf, rangeOf, trendOf } from './costs.ts';
import { breakEvenTableOf, lineTableOf, scaleTablesOf } from './tables.ts';

const [queries, cpu, bytes] = costMetrics as [CostMetric, CostMetric, CostMetric];

function sweepOf(record: RunRecord): Sweep {
  const { sweep } = readRun(record);
  if (sweep === null) throw new Error('the record is no sweep');
  return sweep;
}

function recordWith(settings: readonly number[], name: 'pollSeconds' | 'updateSeconds'): RunRecord {
  const records = settings.map((seconds) => buildRecord({ [name]: seconds, windowSeconds: 60 }));
  return { ...buildRecord(), trials: records.flatMap(({ trials }) => trials) };
}

describe('a run', () => {
  it('is a sweep where one condition differs within a contender', () => {
    const sweep = sweepOf(buildSweepRecord());
    expect(sweep.axis.varied).toBe('clients');
    expect(sweep.scales.map(({ load }) => load)).toEqual(sweptClients);
    for (const record of [buildRecord(), ...Object.values(oddRecords())]) expect(readRun(record).sweep).toBeNull();
  });

  it('orders intervals by load, the longest first', () => {
    const sweep = sweepOf(recordWith([1, 4, 2], 'pollSeconds'));
    expect(sweep.scales.map(({ load }) => sweep.axis.valueText(load))).toEqual(['4 s', '2 s', '1 s']);
  });

  it('compares its contenders at the heaviest load at which all were measured', () => {
    const record = buildSweepRecord();
    const cut = { ...record, trials: record.trials.slice(0, -1) };
    expect(readRun(record)).toMatchObject({ conditions: expect.arrayContaining(['1,000 clients']) });
    expect(readRun(cut).contenders.map(({ clients }) => clients)).toEqual([500, 500, 500, 500, 500]);
    expect(readRun(cut).contenders.map(({ label }) => label)).not.toContain('polling (500 clients)');
  });

  it('names a finding’s trial with its scale', () => {
    expect(readRun(buildSweepRecord()).findings.map(({ where }) => where)).toContain('polling (1,000 clients) #1');
  });

  it('of two scenarios is none', () => {
    const { trials } = buildSweepRecord();
    const mixed = trials.map((trial) => (trial.clients === 50 ? { ...trial, scenario: 'scale-out' } : trial));
    expect(readRun({ ...buildRecord(), trials: mixed }).sweep).toBeNull();
  });

  it('in which two conditions differ is none', () => {
    const two = [buildRecord({ clients: 50 }), buildRecord({ clients: 100, pollSeconds: 4 })];
    expect(readRun({ ...buildRecord(), trials: two.flatMap(({ trials }) => trials) }).sweep).toBeNull();
  });
});

describe('the costs of a sweep', () => {
  const sweep = sweepOf(buildSweepRecord());
  const named = (metric: CostMetric, name: string) => {
    const cost = costsOf(sweep, metric).find(({ contender }) => contender.name === name);
    if (cost === undefined) throw new Error(`no cost of ${name}`);
    return cost;
  };

  it('take arithmetic where it is exact, and agree with it by the measured points alone', () => {
    const polling = named(queries, 'polling');
    expect(trendOf(polling, sweep)).toMatchObject({ basis: 'theory', line: { fixed: 0, perLoad: expect.closeTo(30) } });
    // The fixture measures three queries too many at each scale.
    expect(polling.fit?.line).toMatchObject({ fixed: expect.closeTo(3), perLoad: expect.closeTo(30) });
  });

  it('leave out what could not keep up', () => {
    const polling = named(queries, 'polling');
    expect(polling.points.at(-1)).toMatchObject({ load: 1_000, reading: { value: 21_400 } });
    expect(polling.points.filter(({ excluded }) => excluded !== null)).toHaveLength(1);
  });

  it('fit what no arithmetic knows', () => {
    expect(trendOf(named(cpu, 'polling'), sweep)).toMatchObject({ basis: 'fit', to: 500, end: 5_000 });
    // 1,322 bytes a poll, 30 polls a minute.
    expect(trendOf(named(bytes, 'polling'), sweep)?.line.perLoad).toBeCloseTo(39_660);
  });

  it('of a cache level off', () => {
    const cached = recordWith([4, 2, 1], 'pollSeconds');
    const trials = cached.trials.map((trial) => ({ ...trial, settings: { ...trial.settings, cache: '1s', nodes: 1 } }));
    const found = costsOf(sweepOf({ ...cached, trials }), queries).find(
      ({ contender }) => contender.name === 'polling+cache=1s',
    );
    expect(found?.fit?.line.atMost).toBe(60);
  });

  it('go on no further than ten times what was measured, nor further again than was measured', () => {
    expect(rangeOf(sweep)).toEqual({ from: 50, to: 1_000, limit: 10_000 });
    expect(rangeOf(sweepOf(recordWith([4, 2], 'pollSeconds')))).toEqual({ from: 0.25, to: 0.5, limit: 1 });
  });

  it('break even where arithmetic says', () => {
    const pair = compareCosts(sweep, costsOf(sweep, queries)).find(
      ({ polling, push }) => polling.contender.name === 'polling' && push.contender.name === 'sse',
    );
    // A poll every 2 s against 12 changes a minute.
    expect(pair?.found).toMatchObject({ kind: 'at', load: expect.closeTo(0.4), beyond: 'higher' });
    // And with changes every half second or less, push asks more often than 500 clients that poll every 2 s never do.
    const changes = sweepOf(recordWith([4, 2, 1], 'updateSeconds'));
    expect(compareCosts(changes, costsOf(changes, queries))[0]?.found).toEqual({ kind: 'higher' });
  });
});

describe('what is shown of a sweep', () => {
  const records = {
    clients: buildSweepRecord(),
    polls: recordWith([4, 2, 1], 'pollSeconds'),
    changes: recordWith([4, 2, 1], 'updateSeconds'),
    'one scale without polling': { ...buildSweepRecord(), trials: buildSweepRecord().trials.slice(1) },
    'push alone': buildSweepRecord({ contenders: ['sse', 'websocket'] }),
  };

  it.each(Object.entries(records))('fits 80 columns and says nothing odd: %s', (_, record) => {
    const sweep = sweepOf(record);
    const tables = [...scaleTablesOf(sweep), lineTableOf(sweep), breakEvenTableOf(sweep)];
    for (const table of tables.filter((each) => each !== null)) {
      const text = renderTerminalTable(table, { color: false });
      expect(text).not.toMatch(/NaN|undefined|Infinity/);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it('says what a break-even rests on', () => {
    const table = breakEvenTableOf(sweepOf(buildSweepRecord()));
    const row = table?.rows.find(({ label }) => label === 'polling: database queries');
    expect(row?.cells.map(({ text }) => text)).toEqual(['more from 0.4', 'more from 0.4', 'more from 0.4']);
    expect(table?.footnotes).toContain(
      'by arithmetic; by the measured points alone 0.3; below the lightest load that was measured, 50 clients',
    );
    expect(table?.rows.find(({ label }) => label.startsWith('polling+cache=1s: bytes'))?.cells[0]?.text).toBe(
      'always more',
    );
  });

  it('is a chart with a title that the figures bear out, an alternative and its data', () => {
    for (const record of Object.values(records)) {
      const chart = crossoverChart(readRun(record));
      expect(chart?.alternative.startsWith(chart.title)).toBe(true);
      expect(JSON.stringify(chart?.data)).not.toMatch(/undefined|NaN|Infinity/);
    }
    expect(crossoverChart(readRun(buildSweepRecord()))?.title).toBe(
      'Database queries of polling: 1,503/min with 50 clients, 21,400/min with 1,000 clients; of sse: 12/min and 12/min',
    );
    expect(crossoverChart(readRun(buildRecord()))).toBeNull();
  });

  it('states no break-even in its chart where nothing was measured', () => {
    expect(crossoverChart(readRun(buildSweepRecord()))?.alternative).toMatch(
      /Database queries: polling costs more than [a-z-]+ at every measured scale;/,
    );
    const record = buildSweepRecord({ contenders: ['polling', 'sse'] });
    const trials = record.trials.map((trial) => {
      const value = trial.contender === 'polling' ? 10 + trial.clients / 100 : 20 + trial.clients / 200;
      return { ...trial, metrics: { ...trial.metrics, 'system.cpuMsPerSecond': { unit: 'ms/s', value } } };
    });
    expect(crossoverChart(readRun({ ...record, trials }))?.alternative).toContain(
      'CPU: polling costs more than sse from 2,000 clients on, extrapolated;',
    );
  });
});
