// The figures of a rolling deploy: how long each client was away, what it missed, and where all are afterwards. Any other trial has none of them.
import { createHistogram, recordUs } from '../contract/histogram.ts';
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue, TrialRecord } from '../contract/record.ts';
import { connectionsByNode, shareOf, skewOf } from '../measure/node-shares.ts';
import type { SwarmTotals } from '../measure/swarm-totals.ts';
import type { TrialInput } from '../measure/trial-input.ts';
import { queriesPeak } from './storm-metrics.ts';
import { distribution, scalar } from './values.ts';

export function deployMetrics(input: TrialInput, totals: SwarmTotals): Partial<Record<MetricName, MetricValue>> {
  const { outage, plan, readings, results, startUs, timeline } = input;
  if (outage === null || outage.kind !== 'rolling') return {};
  const returns = totals.sessions.flatMap((report) => report.returns);
  const known = plan.clients - results.lost.reduce((sum, shard) => sum + shard.clients, 0);
  const isPolling = plan.contender.transport === 'polling';
  const parts = isPolling ? null : connectionsByNode(readings.windowEnd, plan);
  const unplaced = isPolling ? 'polls hold nothing open that would stay with a node' : 'a node did not tell';
  const last = plan.nodes - 1;
  return {
    'deploy.awayUs': distribution('deploy.awayUs', timesAway(returns, known), 'nothing is known of any client', {
      censored: returns.filter(({ backUs }) => backUs === null).length,
    }),
    'deploy.lossesPerClient': scalar(
      'deploy.lossesPerClient',
      returns.reduce((sum, { losses }) => sum + losses, 0) / plan.clients,
      '',
    ),
    'deploy.missedAway': scalar('deploy.missedAway', totals.trial.missedAway, ''),
    'deploy.gaveUp': scalar('deploy.gaveUp', totals.trial.gaveUp, ''),
    'deploy.dbQueriesPeakPerSecond': scalar(
      'deploy.dbQueriesPeakPerSecond',
      queriesPeak(timeline, outage.atUs - startUs),
      'the database’s counters could not be read during the deploy',
    ),
    'deploy.skewAfter': scalar('deploy.skewAfter', parts === null ? null : skewOf(parts), unplaced),
    'deploy.lastNodeShare': scalar('deploy.lastNodeShare', parts === null ? null : shareOf(parts, last), unplaced),
  };
}

/** Who was never cut off was away for no time, and is counted like everyone; of clients that are lost with their agent nothing is known. */
export function timesAway(
  returns: readonly { readonly backUs: number | null; readonly awayUs: number }[],
  clients: number,
) {
  const awayUs = createHistogram();
  for (const each of returns) if (each.backUs !== null) recordUs(awayUs, each.awayUs);
  for (let rank = returns.length; rank < clients; rank++) recordUs(awayUs, 0);
  return awayUs;
}

/** Each node's turn. */
export function deployEvents({ outage, startUs, plan, readings }: TrialInput): TrialRecord['events'] {
  const parts = connectionsByNode(readings.windowEnd, plan);
  const word = plan.fault?.rolling?.ending === 'kill' ? 'was killed' : 'was told to go';
  const at = (us: number, what: string) =>
    ({ kind: 'consequence', atUs: Math.round(us - startUs), untilUs: null, what }) as const;
  return (outage?.restarts ?? []).flatMap(({ node, toldUs, goneUs, backUs }) => [
    at(toldUs, `server ${node + 1} ${word}`),
    ...(word === 'was killed' ? [] : [at(goneUs, `server ${node + 1} was gone`)]),
    at(
      backUs,
      `server ${node + 1} listened again${parts === null ? '' : `; clients at the window’s end: ${parts[node] ?? 0}`}`,
    ),
  ]);
}
