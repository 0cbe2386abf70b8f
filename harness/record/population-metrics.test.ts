import { expect, test } from 'vitest';
import { bytesHeld } from '../measure/holdings.ts';
import { mostOf } from './population-metrics.ts';

const seriesOf = (series: Readonly<Record<string, (number | null)[]>>, windowUs: number) => ({
  plan: { windowUs },
  timeline: { stepUs: 1e6, series },
});

type Input = Parameters<typeof mostOf>[0];

test('the most held at one step is of one moment, within the window, and of what could be read', () => {
  const input = seriesOf({ bufferedBytes: [10, 30, null, 0, 900], unacknowledgedBytes: [50, 5, 20, 80, 900] }, 4e6);
  expect(mostOf(input as Input, bytesHeld)).toBe(80);
  expect(mostOf(input as Input, ({ bufferedBytes }) => bufferedBytes)).toBe(30);
  expect(mostOf(seriesOf({ bufferedBytes: [null, null] }, 4e6) as Input, bytesHeld)).toBeNull();
  expect(mostOf(seriesOf({}, 4e6) as Input, bytesHeld)).toBeNull();
});
