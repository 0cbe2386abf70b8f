// How unevenly the clients lie on the server nodes, and what the busiest of them costs. A single node has neither figure.
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue } from '../contract/record.ts';
import { answersByNode, connectionsByNode, skewOf } from '../measure/node-shares.ts';
import { serverCpuMsPerSecond } from '../measure/reading.ts';
import type { TrialInput } from '../measure/trial-input.ts';
import { aboveIdle, idleNoise } from './above-idle.ts';
import { scalar } from './values.ts';

const single = 'one server node has all the clients';

/** `given` is as read; `input` lacks what a fault took along. */
export function nodeMetrics(
  given: TrialInput,
  input: TrialInput,
  asks: boolean,
): Partial<Record<MetricName, MetricValue>> {
  const { plan, readings } = input;
  if (plan.nodes === 1)
    return {
      'nodes.skew': scalar('nodes.skew', null, single),
      'nodes.busiestCpuMsPerSecond': scalar('nodes.busiestCpuMsPerSecond', null, single),
    };
  // Open connections are a state, which no restart belies; answers are counted.
  const parts = asks
    ? answersByNode(readings.windowStart, readings.windowEnd, plan)
    : connectionsByNode(given.readings.windowStart, plan);
  return {
    'nodes.skew': scalar(
      'nodes.skew',
      parts === null ? null : skewOf(parts),
      'a node with nothing to tell, or none had clients',
    ),
    'nodes.busiestCpuMsPerSecond': busiestCpu(input),
  };
}

function busiestCpu({ plan, readings }: TrialInput): MetricValue {
  const name = 'nodes.busiestCpuMsPerSecond';
  const busy = serverCpuMsPerSecond(readings.windowStart, readings.windowEnd);
  const idle = serverCpuMsPerSecond(readings.controlStart, readings.controlEnd);
  if (busy === null || idle === null)
    return scalar(name, null, 'a fault replaced the nodes, or this system lacks /proc');
  const busiest = Math.max(...busy);
  return aboveIdle(name, { busy: busiest, idle: idle[busy.indexOf(busiest)] ?? 0, noise: idleNoise(plan) });
}
