import { expect, test } from 'vitest';
import { metricNames } from '../../servers/protocol.ts';
import { absencesOf, heardAgainAfterUs, noticedAfterUs } from './absences.ts';
import { parsePrometheus } from './prometheus.ts';

const said = (...spans: [source: string, from: number, seconds: string][]) =>
  parsePrometheus(
    spans
      .map(([source, from, seconds]) => `${metricNames.absence}{source="${source}",from="${from}"} ${seconds}`)
      .join('\n'),
  );

const redis = { service: 'redis', sinceUs: 5_000_000, nodes: 2 } as const;

test('knows of each process from its first loss to its last return, and of none from before the outage', () => {
  const metrics = [
    said(['redis', 1, '2'], ['redis', 5, '1.5'], ['redis', 7, '0.5']),
    said(),
    said(['redis', 5.5, '2.5'], ['listen', 6, '1']),
  ];
  const absences = absencesOf(metrics, redis);
  expect(absences).toEqual([
    { who: 'server 1', node: 0, source: 'redis', fromUs: 5_000_000, untilUs: 7_500_000 },
    { who: 'relay', node: null, source: 'redis', fromUs: 5_500_000, untilUs: 8_000_000 },
  ]);
  expect(noticedAfterUs(absences, 5_000_000)).toBe(500_000);
  expect(heardAgainAfterUs(absences, 7_000_000)).toBe(1_000_000);
});

test('has no figure where nobody lost anything, or somebody never had it again', () => {
  expect([noticedAfterUs([], 0), heardAgainAfterUs([], 0)]).toEqual([null, null]);
  const deaf = absencesOf([said(['redis', 5, '+Inf'])], redis);
  expect(deaf[0]?.untilUs).toBe(null);
  expect(heardAgainAfterUs(deaf, 7_000_000)).toBe(null);
});

test('does not take a pool that nobody asked for one that is still away', () => {
  const metrics = [said(['postgres', 5, '+Inf'], ['listen', 5, '3'])];
  const absences = absencesOf(metrics, { ...redis, service: 'postgres', nodes: 1 });
  expect(absences.map(({ who, source }) => `${who} ${source}`)).toEqual(['server postgres', 'server listen']);
  expect(heardAgainAfterUs(absences, 7_000_000)).toBe(1_000_000);
});
