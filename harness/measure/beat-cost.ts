// What one heartbeat costs the servers: many rounds of them in a row, sent and answered on otherwise idle connections, between two
// readings of the servers' CPU time and of their own counters. Nobody is ended for it.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { metricNames, paths } from '../../servers/protocol.ts';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { sumOf } from './prometheus.ts';
import { readCpu, readMetrics, type Sources } from './reading.ts';

export interface BeatCost {
  readonly beats: number;
  /** Of the beats and their answers, before TLS. */
  readonly bytes: number;
  /** CPU time of the servers above idling; `null` where it cannot be read. */
  readonly cpuUs: number | null;
}

/** Enough that a garbage collection more or less (5 ms) is a few per cent. */
const beatsWanted = 8_000;
/** Of 40 ms each: a few clients are beaten less often than that, and their figure is rougher. */
const mostRounds = 50;
const answerPatienceUs = 3_000_000;
const idleUs = 400_000;

/** Resolves with what they cost, or `null` where the servers sent none. `clients` are those connected. */
export async function measureBeats(sources: Sources, clients: number): Promise<BeatCost | null> {
  const rounds = Math.min(mostRounds, Math.ceil(beatsWanted / Math.max(1, clients)));
  const idleFrom = await readCpu(sources);
  await sleepUs(idleUs);
  const from = await readCpu(sources);
  const before = await readCounts(sources);
  const servers = sources.metricsUrls.slice(0, sources.processes.servers.length);
  await Promise.all(servers.map((url) => askForBeats(url, rounds, sources.authority)));
  const after = await readAnswered(sources, before);
  const to = await readCpu(sources);
  const beats = after.beats - before.beats;
  if (beats === 0) return null;
  const idle = rateOf(idleFrom, from);
  const busyUs = difference(to.cpuUs.servers, from.cpuUs.servers);
  return {
    beats,
    bytes: after.bytes - before.bytes,
    cpuUs: busyUs === null || idle === null ? null : busyUs - idle * (to.cpuAtUs - from.cpuAtUs),
  };
}

interface Counts {
  readonly beats: number;
  readonly answers: number;
  readonly bytes: number;
}

async function readCounts(sources: Sources): Promise<Counts> {
  const readings = await readMetrics(sources);
  const sum = (name: string) => readings.reduce((total, reading) => total + (sumOf(reading, name) ?? 0), 0);
  return {
    beats: sum(metricNames.heartbeats),
    answers: sum(metricNames.heartbeatAnswers),
    bytes: sum(metricNames.heartbeatBytes),
  };
}

/** The counts when no more answers come: all have come, or, of comments, none ever will. */
async function readAnswered(sources: Sources, before: Counts): Promise<Counts> {
  const untilUs = nowUs() + answerPatienceUs;
  let last = await readCounts(sources);
  while (
    nowUs() < untilUs &&
    last.answers > before.answers &&
    last.answers - before.answers < last.beats - before.beats
  ) {
    await sleepUs(50_000);
    last = await readCounts(sources);
  }
  return last;
}

async function askForBeats(metricsUrl: string, rounds: number, authority: string | null): Promise<void> {
  const url = new URL(`${paths.heartbeat}?rounds=${rounds}`, metricsUrl);
  const options = { method: 'POST', agent: false } as const;
  const request =
    url.protocol === 'http:' ? http.request(url, options) : https.request(url, { ...options, ca: authority ?? [] });
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  if (response.statusCode !== 204) throw new Error(`${url.href} answered ${response.statusCode}; expected 204`);
}

function rateOf(from: Awaited<ReturnType<typeof readCpu>>, to: Awaited<ReturnType<typeof readCpu>>): number | null {
  const usedUs = difference(to.cpuUs.servers, from.cpuUs.servers);
  return usedUs === null ? null : usedUs / (to.cpuAtUs - from.cpuAtUs);
}

function difference(after: number | null, before: number | null): number | null {
  return after === null || before === null ? null : after - before;
}
