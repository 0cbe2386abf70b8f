// The run record `freshet.run/1`: what a run was asked, what it measured, and what speaks against it.
// The published JSON Schema (run-record.schema.json) is generated from this file.
import { z } from 'zod';
import { parseSubject } from './comparison.ts';
import { type MetricName, metricNames } from './metrics.ts';

export const runRecordSchemaName = 'freshet.run/1';

const nonNegative = z.number().nonnegative();
const countField = z.number().int().nonnegative();
const expectation = { expected: z.number().optional(), expectedBecause: z.string().optional() };

/** A figure that could not be measured: never 0, always with its reason. */
const unmeasured = z.strictObject({
  unit: z.string(),
  value: z.null(),
  reason: z.string().min(1),
  /** What it is known to be less than, where only noise hides it. */
  below: z.number().positive().optional(),
  ...expectation,
});

/** How far a figure may be from the truth because two clocks were, in its unit; where it is missing, they were one. */
const uncertainty = nonNegative.optional();

const scalar = z.strictObject({
  unit: z.string(),
  value: z.number(),
  uncertainty,
  /** Half of the 95 % confidence interval, where the value is the mean of a sample. */
  margin: nonNegative.optional(),
  ...expectation,
});

/** The figures of a distribution. */
export const points = ['min', 'mean', 'p50', 'p90', 'p99', 'p999', 'max'] as const;

/** Quantiles are `null` where they fall among the `censored` observations (not seen by the end of the drain), or for one of the `reasons`. */
const distribution = z.strictObject({
  unit: z.string(),
  /** All observations, the censored ones included. */
  count: countField,
  censored: countField,
  min: z.number().nullable(),
  /** Of the observations that were seen. */
  mean: z.number().nullable(),
  p50: z.number().nullable(),
  p90: z.number().nullable(),
  p99: z.number().nullable(),
  p999: z.number().nullable(),
  max: z.number().nullable(),
  /** The seen observations as an HdrHistogram (V2, compressed, base64), in the unit above. */
  histogram: z.string(),
  uncertainty,
  /** Why some of the figures above are `null` though they were seen. */
  reasons: z.partialRecord(z.enum(points), z.string()).optional(),
  /** The median that arithmetic predicts. */
  ...expectation,
});

const metricValue = z.union([distribution, scalar, unmeasured]);

/** Where a service comes from: a program on this machine, a container, or somebody's address. */
export const serviceDrivers = ['embedded', 'docker', 'url'] as const;

const service = z.strictObject({ driver: z.enum(serviceDrivers), version: z.string() });

const finding = z.strictObject({
  severity: z.enum(['warn', 'fatal']),
  code: z.string().regex(/^[A-Z][A-Z_]+$/),
  message: z.string(),
  /** The figures that cannot be believed for it; they are `null` in the trial. */
  voids: z.array(z.enum(metricNames as [MetricName, ...MetricName[]])).optional(),
});

/** One count, taken by up to three parties that do not know of each other, over the whole trial at rest. */
const witnessedCount = z.strictObject({
  what: z.string(),
  clients: countField.nullable(),
  servers: countField.nullable(),
  database: countField.nullable(),
});

/** What a scenario asks, and the figures that its table shows, spelled as thresholds spell them. */
const scenario = z.strictObject({
  question: z.string(),
  columns: z.array(z.string().refine((text) => !('problem' in parseSubject(text)), 'names no figure')).optional(),
});

const settingValue = z.union([z.string(), z.number(), z.boolean()]);

/** How an agent's clock stood to the coordinator's, which publisher, servers and faults share. */
const agentClock = z.strictObject({
  /** What was added to the agent's clock, µs. */
  offsetUs: z.number(),
  /** How far that may have been wrong at any moment of the window; `null` where the clock could not be read after it. */
  uncertaintyUs: nonNegative.nullable(),
  /** How fast the clocks grew apart, in millionths, and how far that may be wrong; `null` likewise. */
  driftPpm: z.number().nullable(),
  driftUncertaintyPpm: nonNegative.nullable(),
  /** The tightest round trip through Redis, both ways together. */
  roundTripUs: nonNegative,
});

/** An agent that ran a part of a trial's clients. */
const agent = z.strictObject({
  name: z.string(),
  host: z.string(),
  cores: z.number().int().positive(),
  /** Freshet's, and a hash of the code of its shards. */
  version: z.string(),
  /** So many of the trial's clients were dealt to it. */
  clients: countField,
  /** Share of one core that its shards used in the window; `null` where it was lost. */
  cpuShare: nonNegative.nullable(),
  /** How much later its clients saw things than the canaries beside them; `null` where no canary tells. */
  errorUs: z.number().nullable(),
  /** How it was lost, and its clients' figures with it; `null` where it was there to the end. */
  lost: z.string().nullable(),
  /** `null` where it was lost. */
  clock: agentClock.nullable(),
});

const trial = z.strictObject({
  scenario: z.string(),
  /** As flags and charts spell it, e.g. `polling+cache=1s`. */
  contender: z.string(),
  transport: z.enum(['polling', 'long-polling', 'sse', 'websocket']),
  settings: z.record(z.string(), settingValue),
  repetition: z.number().int().positive(),
  clients: z.number().int().positive(),
  audiences: z.number().int().positive(),
  /** The window as measured, from the first counter read to the last. */
  windowUs: nonNegative,
  /** How long each phase took. */
  phasesUs: z.strictObject({
    start: nonNegative,
    control: nonNegative,
    warmUp: nonNegative,
    window: nonNegative,
    drain: nonNegative,
    stop: nonNegative,
  }),
  metrics: z.partialRecord(z.enum(metricNames as [MetricName, ...MetricName[]]), metricValue),
  /** One value a step, from the beginning of the window to the end of the drain. `null` where a reading failed. */
  timeline: z.strictObject({
    stepUs: z.number().positive(),
    series: z.record(z.string(), z.array(z.number().nullable())),
  }),
  /** Changes that were committed, faults that were inflicted and what followed from them, in µs of the timeline; `untilUs` is `null` for what took no time. */
  events: z.array(
    z.strictObject({
      kind: z.enum(['change', 'fault', 'consequence']),
      atUs: z.number(),
      untilUs: z.number().nullable(),
      what: z.string(),
    }),
  ),
  witnesses: z.array(witnessedCount),
  health: z.array(finding),
  /** Absent where all clients ran on the machine of the run. */
  agents: z.array(agent).optional(),
});

const verdict = z.strictObject({
  /** `trade-offs` where nothing was required, `withheld` where the figures cannot be believed. */
  kind: z.enum(['answer', 'none-meets', 'open', 'trade-offs', 'withheld']),
  /** The simplest contender that meets everything; several where none of them is simpler. */
  simplest: z.array(z.string()),
  sentences: z.array(z.string()),
  /** What they hold for. */
  conditions: z.array(z.string()),
  /** The simplest first. `overloaded`: it meets what is required, but could not keep up. */
  contenders: z.array(
    z.strictObject({
      contender: z.string(),
      outcome: z.enum(['meets', 'misses', 'open', 'overloaded']),
      judgements: z.array(
        z.strictObject({
          requirement: z.string(),
          outcome: z.enum(['met', 'missed', 'open']),
          /** The figure, or why there is none, or what the transport does. */
          because: z.string(),
        }),
      ),
    }),
  ),
  /** What would change the answer, and whether that was measured or is arithmetic. */
  breakEvens: z.array(z.strictObject({ basis: z.enum(['arithmetic', 'measured']), text: z.string() })),
  notMeasured: z.array(z.string()),
});

export const runRecord = z.strictObject({
  schema: z.literal(runRecordSchemaName),
  id: z.string().min(1),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  status: z.enum(['complete', 'interrupted', 'invalid']),
  /** How to repeat it. */
  command: z.string(),
  freshet: z.string(),
  seed: z.number().int(),
  environment: z.strictObject({
    node: z.string(),
    cpu: z.string(),
    cores: z.number().int().positive(),
    memoryBytes: z.number().positive(),
    kernel: z.string(),
    git: z.string().nullable(),
    limits: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  }),
  services: z.record(z.string(), service),
  /** Of the scenarios that were run, by name. */
  scenarios: z.record(z.string(), scenario).optional(),
  trials: z.array(trial),
  /** What was planned but not done, as `contender #repetition`. */
  missing: z.array(z.string()),
  /** What the screen needs, as `--require` spells it. */
  require: z.array(z.string()).optional(),
  /** What follows from that and the figures; reports conclude it anew. */
  verdict: verdict.optional(),
});

export type RunRecord = z.infer<typeof runRecord>;
export type TrialRecord = z.infer<typeof trial>;
export type MetricValue = z.infer<typeof metricValue>;
export type ScalarValue = z.infer<typeof scalar>;
export type DistributionValue = z.infer<typeof distribution>;
export type AgentClock = z.infer<typeof agentClock>;
export type HealthFinding = z.infer<typeof finding>;
export type WitnessedCount = z.infer<typeof witnessedCount>;
export type Verdict = z.infer<typeof verdict>;
export type ServiceRecord = z.infer<typeof service>;
export type Transport = TrialRecord['transport'];

export const transports = ['polling', 'long-polling', 'sse', 'websocket'] as const satisfies readonly Transport[];

/** The JSON Schema (draft 2020-12) of `run.json`. */
export function runRecordJsonSchema(): Record<string, unknown> {
  return { $id: 'freshet.run/1', title: 'Freshet run record', ...z.toJSONSchema(runRecord) };
}

/** A figure that may be wrong by more than this share of itself is not told. */
export const mostUncertainShare = 0.1;

/** Whether a figure is to be believed, given how far two clocks may have been apart. */
export function isCertain(value: number, uncertainty: number): boolean {
  return uncertainty <= mostUncertainShare * Math.abs(value);
}

/** True for a distribution, which has a histogram. */
export function isDistribution(value: MetricValue | undefined): value is DistributionValue {
  return value !== undefined && 'histogram' in value;
}

/** The number of a scalar metric, or `null` when it was not measured or is a distribution. */
export function scalarOf(value: MetricValue | undefined): number | null {
  return value === undefined || !('value' in value) ? null : value.value;
}
