// A run watches many trials one after the other, all by one signal.
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { watch } from './watch.ts';

test('rejects with the reason of its signal', async () => {
  const run = new AbortController();
  const watched = watch({ signal: run.signal, services: [] });
  run.abort(new Error('enough'));
  await expect(watched).rejects.toThrow('enough');
});

test('lets go of the signal when what was watched is over', () => {
  const run = new AbortController();
  for (let trial = 0; trial < 3; trial++) {
    const over = new AbortController();
    void watch({ signal: run.signal, services: [], until: over.signal });
    over.abort();
  }
  expect(getEventListeners(run.signal, 'abort')).toHaveLength(0);
});
