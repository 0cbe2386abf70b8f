import { expect, test } from 'vitest';
import { lossesSince, noticedAfterUs, unnoticedSeries } from './losses.ts';
import { parsePrometheus } from './prometheus.ts';

const line = (at: number, reason = 'heartbeat') =>
  `freshet_connection_lost_silent_seconds{reason="${reason}",at="${at}"} 2.5`;

test('reads whom the servers gave up since a moment, the earliest first', () => {
  const readings = [parsePrometheus([line(12), line(3)].join('\n')), parsePrometheus(line(11, 'unreachable'))];
  expect(lossesSince(readings, 10e6)).toEqual([
    { reason: 'unreachable', atUs: 11e6, silentUs: 2.5e6 },
    { reason: 'heartbeat', atUs: 12e6, silentUs: 2.5e6 },
  ]);
});

test('does not take the end of a living client’s connection for that of a vanished one', () => {
  const losses = [11, 12, 13].map((at) => ({ reason: 'heartbeat', atUs: at * 1e6, silentUs: 0 }));
  const noticed = noticedAfterUs(losses, { vanishedUs: 10e6, seenByLivingUs: [12.001e6], vanished: 5 });
  expect(noticed).toEqual([1e6, 3e6]);
});

test('counts those whom the server still believes in, from the moment they vanished on', () => {
  const series = unnoticedSeries([1.5e6, 2.5e6], { vanished: 3, fromUs: 1e6, stepUs: 1e6, steps: 5 });
  expect(series).toEqual([3, 3, 2, 1, 1]);
});
