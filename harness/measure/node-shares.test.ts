import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answersByNode, connectionsByNode, skewOf } from './node-shares.ts';
import { parsePrometheus } from './prometheus.ts';

const node = (connections: number, answers: number) =>
  parsePrometheus(`freshet_connections ${connections}\nfreshet_http_responses_total{status="200"} ${answers}\n`);
const relay = node(99, 99);

test('skew is 1 for an even deal, the number of nodes when one has all, and between the two otherwise', () => {
  expect(skewOf([5, 5, 5])).toBe(1);
  expect(skewOf([0, 0, 7])).toBe(3);
  expect(skewOf([0, 0])).toBeNull();
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1_000 }), { minLength: 1 }), (parts) => {
      const skew = skewOf(parts) ?? 1;
      expect(skew).toBeGreaterThanOrEqual(1 - 1e-9);
      expect(skew).toBeLessThanOrEqual(parts.length + 1e-9);
    }),
  );
});

test('nodes are counted, the relay is not, and a node without an answer yet has none', () => {
  const from = { metrics: [node(3, 10), parsePrometheus('freshet_connections 4\n'), relay] };
  const to = { metrics: [node(3, 17), node(4, 5), relay] };
  expect(connectionsByNode(from, { nodes: 2 })).toEqual([3, 4]);
  expect(answersByNode(from, to, { nodes: 2 })).toEqual([7, 5]);
});

test('nothing is told where a node’s counters are gone', () => {
  const gone = { metrics: [new Map(), node(4, 5)] };
  expect(connectionsByNode(gone, { nodes: 2 })).toBeNull();
  expect(answersByNode(gone, { metrics: [node(1, 1), node(4, 5)] }, { nodes: 2 })).toBeNull();
});
