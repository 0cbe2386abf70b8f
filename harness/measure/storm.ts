// A reconnect storm's figures from what the shards logged: peaks, attempts, and when each client was back, to the last one.
import { createHistogram, type Histogram, recordUs } from '../contract/histogram.ts';
import { logStepUs, type SessionCounts, type SessionReport } from '../swarm/session-log.ts';

/** What was done to the system, µs of the monotonic clock. `untilUs` is when it was there again. */
export interface Outage {
  readonly atUs: number;
  readonly untilUs: number;
}

export interface StormFigures {
  readonly attempts: number;
  /** Clients that lost their connection. */
  readonly clientsLost: number;
  readonly peakAttemptsPerSecond: number;
  readonly peakWhileDownPerSecond: number;
  /** From the end of the outage; who was back before counts as 0. */
  readonly recoveryUs: Histogram;
  readonly notBack: number;
}

/** Peaks are those of the busiest tenth of a second, as a rate. */
const peakSteps = 10;

/** `startUs` is when the window was to start: the logs' step 0. */
export function stormFigures(reports: readonly SessionReport[], outage: Outage, startUs: number): StormFigures {
  const attempts = addUp(reports, 'attempts');
  const stepOf = (us: number) => Math.max(0, Math.floor((us - startUs) / logStepUs));
  const [from, back] = [stepOf(outage.atUs), Math.ceil((outage.untilUs - startUs) / logStepUs)];
  const returns = reports.flatMap((report) => report.returns).filter(({ lostUs }) => lostUs >= outage.atUs);
  const recoveryUs = createHistogram();
  let lastBackUs = outage.untilUs;
  for (const { backUs } of returns) {
    if (backUs === null) continue;
    recordUs(recoveryUs, Math.max(0, backUs - outage.untilUs));
    lastBackUs = Math.max(lastBackUs, backUs);
  }
  const notBack = returns.filter(({ backUs }) => backUs === null).length;
  const until = notBack > 0 ? attempts.length : stepOf(lastBackUs) + 1;
  return {
    attempts: total(attempts.slice(from, until)),
    clientsLost: returns.length,
    peakAttemptsPerSecond: busiest(attempts.slice(back)),
    peakWhileDownPerSecond: busiest(attempts.slice(from, back)),
    recoveryUs,
    notBack,
  };
}

/** The logs as series of a timeline, one value a step of it, to the step in which the last client came or went. */
export function sessionSeries(
  reports: readonly SessionReport[],
  { stepUs, stepsAtLeast }: { readonly stepUs: number; readonly stepsAtLeast: number },
): Record<'connectAttempts' | 'connectsAccepted' | 'connectsRefused' | 'clientsConnected', number[]> {
  const width = stepUs / logStepUs;
  const logged = reports.flatMap(({ counts }) => Object.values(counts).map((each) => Math.ceil(each.length / width)));
  const steps = Math.max(stepsAtLeast, ...logged);
  const perStep = (what: keyof SessionCounts) => {
    const fine = addUp(reports, what);
    return Array.from({ length: steps }, (_, step) => total(fine.slice(step * width, (step + 1) * width)));
  };
  const [accepted, lost] = [perStep('accepted'), perStep('lost')];
  let connected = reports.reduce((sum, { connectedAtStart }) => sum + connectedAtStart, 0);
  return {
    connectAttempts: perStep('attempts'),
    connectsAccepted: accepted,
    connectsRefused: perStep('refused'),
    clientsConnected: accepted.map((count, step) => {
      connected += count - (lost[step] ?? 0);
      return connected;
    }),
  };
}

function addUp(reports: readonly SessionReport[], what: keyof SessionCounts): number[] {
  const all = reports.map(({ counts }) => counts[what]);
  const length = Math.max(0, ...all.map((counts) => counts.length));
  return Array.from({ length }, (_, step) => all.reduce((sum, counts) => sum + (counts[step] ?? 0), 0));
}

/** Wherever it begins. */
export function busiest(counts: readonly number[], steps = peakSteps): number {
  let sum = 0;
  let most = 0;
  counts.forEach((count, step) => {
    sum += count - (counts[step - steps] ?? 0);
    most = Math.max(most, sum);
  });
  return most * (1e6 / (steps * logStepUs));
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
