// Records with exactly the figures that a case names, for the tests of verdicts: they measure nothing.
import type { MetricValue, RunRecord, TrialRecord } from '../../harness/contract/record.ts';
import { buildRecord, distributionOf } from '../fixtures/record.ts';

/** What a trial of a contender has; a figure that is `null` was not measured. */
export interface Figures {
  /** Of every observation, so that each quantile is it. */
  readonly freshnessMs?: number | null;
  readonly queries?: number | null;
  readonly missed?: number;
  /** In ms/s; `hidden` by a noise of 5.3. */
  readonly cpu?: number | 'hidden';
  /** Observations of freshness that nobody made by the end of the drain, of a hundred. */
  readonly censored?: number;
  readonly saturated?: boolean;
  readonly clients?: number;
}

const unmeasured: MetricValue = { unit: 'us', value: null, reason: 'the counter was lost' };
const hiddenCpu: MetricValue = { unit: 'ms/s', value: null, reason: 'hidden by noise', below: 5.3 };
const template = buildRecord({ contenders: ['polling'], clients: 10 });

/** A run of these contenders, each with one trial or with several repetitions, in this order. */
export function recordWith(
  contenders: Readonly<Record<string, Figures | readonly Figures[]>>,
  require: readonly string[] = [],
): RunRecord {
  const trials = Object.entries(contenders).flatMap(([contender, figures]) => {
    const repetitions: readonly Figures[] = Array.isArray(figures) ? figures : [figures];
    return repetitions.map((each, index) => trialOf(contender, each, index + 1));
  });
  return { ...template, trials, require: [...require] };
}

/** One trial with 500 clients, a poll every 2 s and a change every 5 s. */
export function trialOf(contender: string, figures: Figures, repetition = 1): TrialRecord {
  const [trial] = template.trials;
  if (trial === undefined) throw new RangeError('the template has no trial');
  const {
    freshnessMs = 1_000,
    queries = 12,
    missed = 0,
    cpu = 20,
    censored = 0,
    saturated = false,
    clients = 500,
  } = figures;
  const transport = (['polling', 'long-polling', 'sse', 'websocket'] as const).find((each) =>
    new RegExp(`^${each}(?:\\+|$)`).test(contender),
  );
  return {
    ...trial,
    contender,
    transport: transport ?? 'polling',
    clients,
    repetition,
    metrics: {
      freshnessUs:
        freshnessMs === null
          ? unmeasured
          : distributionOf(
              Array.from({ length: 100 - censored }, () => freshnessMs * 1_000),
              censored,
            ),
      'db.queriesPerMinute': queries === null ? unmeasured : { unit: '1/min', value: queries },
      'updates.missed': { unit: 'count', value: missed },
      'system.cpuMsPerSecond': cpu === 'hidden' ? hiddenCpu : { unit: 'ms/s', value: cpu },
      requestUs: distributionOf([2_000]),
    },
    health: saturated ? [{ severity: 'warn', code: 'SYSTEM_SATURATED', message: 'it could not keep up' }] : [],
  };
}
