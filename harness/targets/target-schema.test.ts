import { expect, test } from 'vitest';
import { readDefinition } from './target-schema.ts';

const text = `import { defineTarget } from 'freshet/target';

export default defineTarget({
  transport: 'webscket',
  url: 'http://127.0.0.1:1',
  colour: 'red',
});`;

const problemsOf = (exported: unknown) => {
  const read = readDefinition(exported, { path: 'my-target.ts', text });
  return 'problems' in read ? read.problems : [];
};

test('names file, line and field of every problem, and what was meant', () => {
  expect(problemsOf({ transport: 'webscket', url: 'http://127.0.0.1:1', colour: 'red' })).toEqual([
    "my-target.ts:4: transport is 'webscket'; expected polling, long-polling, sse or websocket (did you mean 'websocket'?)",
    expect.stringMatching(/^my-target\.ts:6: a target has no 'colour'; expected one of name, transport, /),
  ]);
  expect(problemsOf(undefined)).toEqual([expect.stringContaining('expected export default defineTarget')]);
});

test.each([
  [{ transport: 'websocket', url: 'http://127.0.0.1:1' }, /my-target\.ts:5: .*expected ws or wss for websocket/],
  [{ transport: 'sse', url: 'http://127.0.0.1:1', onOpen: 'x' }, /onOpen is for websocket/],
  [{ transport: 'sse', url: 'http://127.0.0.1:1', faults: { kill: 'k' } }, /expected start beside kill and drain/],
  [{ transport: 'sse', url: 'http://127.0.0.1:1', faults: { stall: 's' } }, /expected both/],
])('refuses fields that do not go together: %o', (exported, problem) => {
  expect(problemsOf(exported)).toEqual([expect.stringMatching(problem)]);
});

test('takes what is whole', () => {
  expect(problemsOf({ transport: 'sse', url: 'http://127.0.0.1:1', decode: () => null, pid: 5 })).toEqual([]);
});
