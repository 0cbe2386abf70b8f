// A limit as people write it, `METRIC[.QUANTILE] < VALUE[unit]` → metric, quantile, operator and limit, checked against the catalogue.
// The one parser of limits: thresholds and requirements are read through it.
import { type MetricName, metricNames, metricOf, type Unit } from './metrics.ts';
import { suggest } from './settings.ts';
import { formatBytes, formatNumber, parseDurationUs, spellDurationUs } from './units.ts';

const operators = ['<=', '>=', '<', '>'] as const;

export type Operator = (typeof operators)[number];

/** What is compared: a scalar metric, or a distribution's quantile from 0 to 1 (1 is its maximum). */
export interface Subject {
  readonly metric: MetricName;
  /** `null` for a scalar. */
  readonly quantile: number | null;
}

export interface Comparison extends Subject {
  readonly operator: Operator;
  /** In the metric's unit. */
  readonly limit: number;
}

/** Names beside the catalogue's, with the quantile that they stand for unless one is written. */
export type Aliases = Readonly<Record<string, Subject>>;

/** The quantile of a distribution for which none is written. */
const usualQuantile = 0.99;
const quantileWords = 'p50, p90, p95, p99, p999 or max';

/** The parts of `text` around its operator; `null` when there is none, or more than one. */
export function splitComparison(text: string): { subject: string; operator: Operator; value: string } | null {
  const match = /^([^<>]*?)\s*(<=|>=|<|>)\s*([^<>=]*)$/.exec(text.trim());
  const operator = operators.find((each) => each === match?.[2]);
  return match === null || operator === undefined
    ? null
    : { subject: match[1] ?? '', operator, value: (match[3] ?? '').trim() };
}

/** The comparison that `text` spells, or one line that says what was expected. `where` begins it, such as `--threshold`. */
export function parseComparison(
  where: string,
  text: string,
  aliases: Aliases = {},
): { comparison: Comparison } | { problem: string } {
  const parts = splitComparison(text);
  if (parts === null)
    return {
      problem: `${where} '${text}' compares nothing; expected METRIC < VALUE (or <=, >, >=), such as 'freshnessUs.p99 < 250ms'`,
    };
  const subject = parseSubject(parts.subject, aliases);
  if ('problem' in subject) return { problem: `${where} '${text}': ${subject.problem}` };
  const { unit } = metricOf(subject.metric);
  const limit = parseLimit(parts.value, unit);
  if (limit === null)
    return {
      problem: `${where} '${text}': the limit of ${subject.metric} is '${parts.value}'; expected ${limitExample[unit]}`,
    };
  return { comparison: { ...subject, operator: parts.operator, limit } };
}

/** The metric and quantile that `text` spells, or what was expected. */
export function parseSubject(text: string, aliases: Aliases = {}): Subject | { problem: string } {
  const whole = subjectNamed(text, aliases);
  if (whole !== null) return whole;
  const [name, word] = splitQuantile(text);
  const named = subjectNamed(name, aliases);
  if (named === null) return { problem: unknownMetric(name, aliases) };
  if (named.quantile === null)
    return { problem: `${named.metric} is one figure; expected no quantile, found '.${word}'` };
  const quantile = parseQuantile(word);
  return quantile === null
    ? { problem: `${name} has no quantile '${word}'; expected ${quantileWords}` }
    : { metric: named.metric, quantile };
}

/** True when `value`, in the metric's unit, keeps the limit. */
export function isWithin(value: number, { operator, limit }: Comparison): boolean {
  if (operator === '<') return value < limit;
  if (operator === '<=') return value <= limit;
  return operator === '>' ? value > limit : value >= limit;
}

/** `freshnessUs.p99`, `db.queriesPerMinute`: with the quantile always written. */
export function spellSubject({ metric, quantile }: Subject): string {
  return quantile === null ? metric : `${metric}.${spellQuantile(quantile)}`;
}

/** `freshnessUs.p99 < 250ms`: what `parseComparison` reads, with the quantile always written. */
export function spellComparison(comparison: Comparison): string {
  return `${spellSubject(comparison)} ${comparison.operator} ${spellLimit(comparison)}`;
}

/** `p50`, `p999`, `max`. */
export function spellQuantile(quantile: number): string {
  if (quantile === 1) return 'max';
  return `p${String(quantile).slice(2).padEnd(2, '0')}`;
}

function subjectNamed(name: string, aliases: Aliases): Subject | null {
  if (Object.hasOwn(aliases, name)) return aliases[name] ?? null;
  const metric = metricNames.find((each) => each === name);
  if (metric === undefined) return null;
  return { metric, quantile: metricOf(metric).kind === 'distribution' ? usualQuantile : null };
}

/** Name and last word: metrics have dots of their own. */
function splitQuantile(text: string): [string, string] {
  const dot = text.lastIndexOf('.');
  const isQuantile =
    dot > 0 && (/^p\d/.test(text.slice(dot + 1)) || metricNames.some((name) => name === text.slice(0, dot)));
  return isQuantile || /\.(max|min|mean|avg|median)$/.test(text)
    ? [text.slice(0, dot), text.slice(dot + 1)]
    : [text, ''];
}

/** `p50` is 0.5 and `p999` is 0.999; one digit would leave open which is meant. */
function parseQuantile(word: string): number | null {
  if (word === 'max') return 1;
  const digits = /^p(\d{2,4})$/.exec(word)?.[1];
  const quantile = digits === undefined ? 0 : Number(`0.${digits}`);
  return quantile > 0 ? quantile : null;
}

function unknownMetric(name: string, aliases: Aliases): string {
  const words = [...Object.keys(aliases), ...metricNames];
  const hint = suggest(name, words);
  return `metric '${name}' is not known; expected ${hint === '' ? `one of ${words.join(', ')}` : `a metric of the catalogue${hint}`}`;
}

const limitExample: Readonly<Record<Unit, string>> = {
  us: 'a duration with its unit, such as 250ms',
  bytes: 'a size, such as 2kB',
  'bytes/min': 'a size a minute, such as 20kB',
  count: 'a number, such as 3',
  ratio: 'a share, such as 5% or 0.05',
  '1/min': 'a number a minute, such as 600',
  '1/s': 'a number a second, such as 50',
  'ms/s': 'milliseconds a second, such as 40',
};

const bytesByUnit: Readonly<Record<string, number>> = { '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** The limit in `unit`; the unit's own name may follow the number, where it leaves no doubt it may be missing. */
function parseLimit(text: string, unit: Unit): number | null {
  if (unit === 'us') return parseDurationUs(text);
  const match = /^(\d+(?:\.\d+)?)\s*([%A-Za-z]*(?:\/(?:min|s))?)$/.exec(text);
  if (match === null) return null;
  const value = Number(match[1]);
  const suffix = match[2] ?? '';
  if (unit === 'ratio') return suffix === '%' ? value / 100 : suffix === '' ? value : null;
  if (unit === 'bytes' || unit === 'bytes/min') {
    const size = unit === 'bytes' ? suffix : suffix.replace(/\/min$/, '');
    const bytes = bytesByUnit[size];
    return bytes === undefined ? null : value * bytes;
  }
  return suffix === '' || suffix === unit || `1${suffix}` === unit ? value : null;
}

function spellLimit({ metric, limit }: Comparison): string {
  const { unit } = metricOf(metric);
  if (unit === 'us') return spellDurationUs(limit);
  if (unit === 'ratio') return `${formatNumber(limit * 100)}%`;
  return unit.startsWith('bytes') ? formatBytes(limit).replace(' ', '') : String(limit);
}
