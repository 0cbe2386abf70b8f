import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../harness/contract/record.ts';
import { transports } from '../../harness/contract/record.ts';
import { type Fonts, loadFonts } from '../draw/fonts.ts';
import { standaloneSpec } from '../draw/svg.ts';
import { censoredRecord, invalidRecord, oddRecords, unmeasuredRecord } from '../fixtures/odd.ts';
import { buildRecord } from '../fixtures/record.ts';
import { buildStormRecord } from '../fixtures/storm.ts';
import { buildSweepRecord } from '../fixtures/sweep.ts';
import { readRun } from '../run.ts';
import { chartsOf } from './all.ts';
import { contrast, plainTheme, variantCount } from './theme.ts';

let fonts: Fonts;
beforeAll(async () => {
  fonts = await loadFonts();
});

const titlesOf = (record: RunRecord) =>
  Object.fromEntries(chartsOf(readRun(record)).map(({ name, title }) => [name, title]));

/** A scenario that names its figures, one of which only polling has, and one that was not measured. */
const namedRecord = (): RunRecord => {
  const columns = ['requestUs.p99', 'staleShare', 'updates.missed', 'server.rssBytes', 'storm.gaveUp'];
  return { ...buildRecord(), scenarios: { dashboard: { question: 'What follows?', columns } } };
};

const namedSweep = (): RunRecord => {
  const columns = ['db.queriesPerMinute', 'freshnessUs.p99', 'storm.gaveUp'];
  return { ...buildSweepRecord(), scenarios: { dashboard: { question: 'What follows?', columns } } };
};

/** A service was away for 4 s of the window. */
const outageRecord = (): RunRecord => {
  const record = buildRecord();
  const fault = { kind: 'fault', atUs: 3_000_000, untilUs: 7_000_000, what: 'Redis killed' } as const;
  return { ...record, trials: record.trials.map((trial) => ({ ...trial, events: [...trial.events, fault] })) };
};

it('shades the time in which something was away, in every panel, and says so in the first', () => {
  const frame = { width: 780, theme: plainTheme('light'), narrow: false, interactive: false, measure: fonts.measure };
  const drawn = (record: RunRecord) =>
    chartsOf(readRun(record)).flatMap((chart) =>
      chart.name === 'stale-screens' ? JSON.stringify(chart.specFor(frame)) : [],
    );
  const [spec = ''] = drawn(outageRecord());
  expect(spec.split('"until":7').length - 1).toBe(readRun(outageRecord()).contenders.length);
  expect(spec).toContain('away 4 s');
  expect(drawn(buildRecord())[0]).not.toContain('until');
});

describe('the specifications', () => {
  it('are valid by Vega-Lite’s own schema, for odd records too', () => {
    const schema = createRequire(import.meta.url)('vega-lite/vega-lite-schema.json') as object;
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    for (const [name, record] of Object.entries({
      default: buildRecord(),
      unmeasured: unmeasuredRecord(),
      censored: censoredRecord(),
      storms: buildStormRecord(),
      sweep: buildSweepRecord(),
      named: namedRecord(),
      'named-sweep': namedSweep(),
      outage: outageRecord(),
      'storm-momentary': oddRecords()['storm-momentary'] ?? buildRecord(),
    })) {
      for (const chart of chartsOf(readRun(record))) {
        for (const narrow of [false, true]) {
          const frame = {
            width: narrow ? 336 : 780,
            theme: plainTheme('light'),
            narrow,
            interactive: true,
            measure: fonts.measure,
          };
          validate(standaloneSpec(chart, frame));
          expect({ record: name, chart: chart.name, errors: validate.errors?.slice(0, 2) }).toMatchObject({
            errors: undefined,
          });
        }
      }
    }
  });
});

describe('the titles', () => {
  it('state the finding', () => {
    expect(titlesOf(buildRecord())).toEqual({
      freshness:
        'Websocket had half of all changes, or newer ones, on screen within 3.83 ms, polling+cache=1s within 1.52 s',
      'database-queries': 'Polling asked Postgres 15,003 times a minute, sse and websocket 12',
      'cost-per-client': 'Polling and polling+cache=1s moved 39.7 kB a minute for each client, websocket 6.17 kB',
      'stale-screens':
        'Polling and polling+cache=1s showed an outdated screen 21 % of the time, long-polling, sse and websocket 0.1 %',
      'pool-waits': 'Polling waited up to 2.02 ms for a database connection, 4 others 60 µs',
      timeline: 'Polling peaked at 255 queries a second, 4 others at 1',
    });
  });

  it('claim no difference where there is none', () => {
    const alike = buildRecord({ contenders: ['sse', 'sse+redis'] });
    expect(titlesOf(alike)['database-queries']).toBe('All contenders asked Postgres 12 times a minute, or nearly so');
    expect(titlesOf(buildRecord({ contenders: ['sse'] }))['database-queries']).toBe(
      'SSE asked Postgres 12 times a minute',
    );
  });

  it('say how many clients a deploy left connected, and draw nothing where none was cut off', () => {
    const record = buildRecord({ contenders: ['sse', 'websocket'] });
    const withClients = (counts: readonly number[][]) => ({
      ...record,
      trials: record.trials.map((trial, index) => {
        const { stepUs, series } = trial.timeline;
        return {
          ...trial,
          timeline: {
            stepUs,
            series: {
              ...series,
              clientsConnected: (counts[index] ?? []).flatMap((count) => Array<number>(10).fill(count)),
            },
          },
        };
      }),
    });
    expect(
      titlesOf(
        withClients([
          [500, 500, 0, 500],
          [500, 380, 500, 500],
        ]),
      )['connected-clients'],
    ).toBe('At the worst moment sse had no clients connected, websocket 380');
    expect(titlesOf(withClients([[500, 499, 500], [500]]))['connected-clients']).toBeUndefined();
  });

  it('do not pass over a contender that was too slow to have a median', () => {
    expect(titlesOf(censoredRecord()).freshness).toContain('long-polling had not shown half by the end');
  });

  it('name the first figure that tells contenders apart, where the scenario names its figures', () => {
    const chart = chartsOf(readRun(namedRecord()))[0];
    expect(chart?.title).toBe('Stale screens: polling+cache=1s 30 %, long-polling, sse and websocket 0.1 %');
    expect(chart?.data.columns).toEqual(['contender', 'round trip p99', 'stale screens', 'server memory']);
    expect(chart?.data.rows.find(([label]) => label === 'sse')?.[1]).toBe('–');
  });

  it('say of a sweep whose scenario names its figures how the first one goes, and draw those in place of break-evens', () => {
    const charts = chartsOf(readRun(namedSweep()));
    expect(charts.map(({ name }) => name)).not.toContain('crossover');
    const chart = charts.find(({ name }) => name === 'figures-by-scale');
    expect(chart?.title).toMatch(
      /^DB queries\/min of polling: \S+ with 50 clients, \S+ with 1,000 clients; of \S+ \S+$/,
    );
    expect(new Set(chart?.data.rows.map(([first = '']) => first.split(',')[0]))).toEqual(
      new Set(['DB queries/min', 'freshness p99']),
    );
  });

  it('carry no finding of an invalid run', () => {
    for (const title of Object.values(titlesOf(invalidRecord())))
      expect(title).toMatch(/^Invalid run, not to be quoted: /);
  });
});

it('every chart has a text alternative and the data it draws', () => {
  for (const record of [buildRecord(), namedRecord(), ...Object.values(oddRecords())]) {
    for (const chart of chartsOf(readRun(record))) {
      expect(chart.alternative.startsWith(chart.title)).toBe(true);
      expect(chart.data.rows.length).toBeGreaterThan(0);
      for (const row of chart.data.rows) expect(row.length).toBe(chart.data.columns.length);
      expect(JSON.stringify(chart.data)).not.toMatch(/undefined|NaN|Infinity/);
    }
  }
});

it.each(['light', 'dark'] as const)('text is readable on the page in %s, whatever the contender', (scheme) => {
  const theme = plainTheme(scheme);
  for (const transport of transports) {
    for (let variant = 0; variant < variantCount; variant++) {
      expect(contrast(theme.series(transport, variant).text, theme.grey.paper)).toBeGreaterThanOrEqual(4.5);
    }
  }
});
