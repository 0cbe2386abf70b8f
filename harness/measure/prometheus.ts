// The servers' own figures: their /metrics in Prometheus text format, version 0.0.4. In: text. Out: counters and histograms by name.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { createHistogram, type Histogram, recordUs } from '../contract/histogram.ts';

/** One sample's labels and value. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All samples of one reading, by metric name. */
export type PrometheusReading = ReadonlyMap<string, readonly Sample[]>;

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const labelPair = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export function parsePrometheus(text: string): PrometheusReading {
  const samples = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const match = line.startsWith('#') ? null : sampleLine.exec(line);
    if (match?.[1] === undefined) continue;
    const labels = Object.fromEntries(
      [...(match[2] ?? '').matchAll(labelPair)].map(([, name, value]) => [name, value]),
    );
    const of = samples.get(match[1]) ?? [];
    of.push({ labels, value: Number(match[3]) });
    samples.set(match[1], of);
  }
  return samples;
}

/** Sum of a counter or gauge over its label values (only those that fit `where`); `null` when there is no such metric. */
export function sumOf(
  reading: PrometheusReading,
  name: string,
  where: Readonly<Record<string, string>> = {},
): number | null {
  const samples = reading.get(name);
  if (samples === undefined) return null;
  const fitting = samples.filter(({ labels }) =>
    Object.entries(where).every(([label, value]) => labels[label] === value),
  );
  return fitting.reduce((sum, sample) => sum + sample.value, 0);
}

/**
 * What a Prometheus histogram of seconds gained between two readings, in µs. An observation is put at the upper bound of its
 * bucket, so quantiles are never too low; those beyond the last bound are put at twice that bound. `null` when there is none.
 */
export function histogramBetween(before: PrometheusReading, after: PrometheusReading, name: string): Histogram | null {
  const buckets = after.get(`${name}_bucket`);
  if (buckets === undefined) return null;
  const earlier = new Map(before.get(`${name}_bucket`)?.map(({ labels, value }) => [labels.le, value]));
  const histogram = createHistogram();
  let cumulated = 0;
  let lastBoundUs = 0;
  for (const { labels, value } of buckets) {
    const gained = value - (earlier.get(labels.le) ?? 0);
    const boundUs = labels.le === '+Inf' ? 2 * lastBoundUs : Number(labels.le) * 1e6;
    if (gained > cumulated) recordUs(histogram, boundUs, gained - cumulated);
    cumulated = gained;
    lastBoundUs = boundUs;
  }
  return histogram;
}

/** Fetches /metrics; `authority` is the certificate to trust, of an https one. Throws `environment` when that is not had within 5 s. */
export async function readPrometheus(url: string, authority: string | null = null): Promise<PrometheusReading> {
  const options = { signal: AbortSignal.timeout(5_000), agent: false } as const;
  const trust = authority === null ? {} : { ca: authority };
  const request = url.startsWith('https:') ? https.get(url, { ...options, ...trust }) : http.get(url, options);
  try {
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
    return parsePrometheus(await text(answer));
  } catch (error) {
    throw new FreshetError(
      'environment',
      `${url} cannot be read: ${messageOf(error)}; expected metrics in Prometheus text format`,
      { cause: error },
    );
  }
}
