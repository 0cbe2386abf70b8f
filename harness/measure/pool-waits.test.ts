import { expect, it } from 'vitest';
import { metricNames } from '../../servers/protocol.ts';
import { poolWaitSeries } from './pool-waits.ts';
import { parsePrometheus } from './prometheus.ts';

const { poolWaitLongest, queries } = metricNames;
const within = { startUs: 50_000_000, stepUs: 200_000, steps: 3 };

it('takes the longest wait of all servers in each step, and none from before or after', () => {
  const one = parsePrometheus(`${queries} 9
${poolWaitLongest}{at="49.9"} 5
${poolWaitLongest}{at="50"} 0.001
${poolWaitLongest}{at="50.1"} 0.003
${poolWaitLongest}{at="50.6"} 7`);
  const other = parsePrometheus(`${poolWaitLongest}{at="50"} 0.002\n${poolWaitLongest}{at="50.4"} 0.0004`);
  expect(poolWaitSeries([one, other], within)).toEqual([3_000, 0, 400]);
});

it('knows a server that sent no query from one that keeps no log', () => {
  expect(poolWaitSeries([parsePrometheus(`${queries} 0`)], within)).toEqual([0, 0, 0]);
  expect(poolWaitSeries([parsePrometheus(`${queries} 4`)], within)).toBeNull();
});
