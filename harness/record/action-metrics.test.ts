import { expect, test } from 'vitest';
import { reasonForNoBytes } from './action-metrics.ts';

const counts = { due: 20, acknowledged: 20, refused: 0, unsent: 0, unanswered: 0 };

test('bytes of an action are known where all were sent and answered, be it by a refusal', () => {
  expect(reasonForNoBytes(counts)).toBeNull();
  expect(reasonForNoBytes({ ...counts, acknowledged: 18, refused: 2 })).toBeNull();
  expect(reasonForNoBytes({ ...counts, acknowledged: 19, unsent: 1 })).toMatch(/1 were not sent and 0 not answered/);
  expect(reasonForNoBytes({ ...counts, acknowledged: 19, unanswered: 1 })).toMatch(
    /0 were not sent and 1 not answered/,
  );
  expect(reasonForNoBytes({ ...counts, due: 0, acknowledged: 0 })).toBe('no action was due in the window');
});
