// Where the clients are, by the nodes' own word: open streams or waits at one moment, or for polls, which hold nothing open, their answers.
import { metricNames } from '../../servers/protocol.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { type PrometheusReading, sumOf } from './prometheus.ts';
import type { Reading } from './reading.ts';

type Metrics = Pick<Reading, 'metrics'>;

/** Connections of each node; `null` when a node's are not known, as after its restart. */
export function connectionsByNode({ metrics }: Metrics, plan: Pick<TrialPlan, 'nodes'>): readonly number[] | null {
  return known(metrics.slice(0, plan.nodes).map((node) => sumOf(node, metricNames.connections)));
}

/** Answers of each node between two readings. */
export function answersByNode(from: Metrics, to: Metrics, plan: Pick<TrialPlan, 'nodes'>): readonly number[] | null {
  const read = (node: PrometheusReading | undefined) => (node?.size ? (sumOf(node, metricNames.responses) ?? 0) : null);
  const nodes = Array.from({ length: plan.nodes }, (_, node) => {
    const [before, after] = [read(from.metrics[node]), read(to.metrics[node])];
    return before === null || after === null ? null : after - before;
  });
  return known(nodes);
}

/** The busiest node's part against an even one: 1 when all have the same. `null` when they have nothing. */
export function skewOf(parts: readonly number[]): number | null {
  const sum = parts.reduce((total, part) => total + part, 0);
  return sum === 0 ? null : (Math.max(...parts) * parts.length) / sum;
}

/** One node's part against an even one; `null` when they have nothing. */
export function shareOf(parts: readonly number[], node: number): number | null {
  const sum = parts.reduce((total, part) => total + part, 0);
  return sum === 0 ? null : ((parts[node] ?? 0) * parts.length) / sum;
}

function known(parts: readonly (number | null)[]): readonly number[] | null {
  return parts.every((part) => part !== null) ? parts : null;
}
