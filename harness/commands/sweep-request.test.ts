import { describe, expect, test } from 'vitest';
import { FreshetError } from '../contract/errors.ts';
import { nameTrials } from '../plan/trial-names.ts';
import { describePlan } from './bench.ts';
import { readSweepRequest } from './sweep-request.ts';

const read = (values: Record<string, string>) => readSweepRequest({ values, set: [], quick: false }, {});

function problemsOf(values: Record<string, string>): readonly string[] {
  try {
    read(values);
  } catch (error) {
    if (error instanceof FreshetError) return error.problems;
    throw error;
  }
  return [];
}

describe('a sweep', () => {
  test('runs every contender at every value, the other settings alike', () => {
    const { trials } = read({ clients: '50,100', contenders: 'polling,sse', duration: '5s' });
    expect(trials.map(({ clients, contender, windowUs }) => [clients, contender.name, windowUs])).toEqual([
      [50, 'polling', 5e6],
      [50, 'sse', 5e6],
      [100, 'polling', 5e6],
      [100, 'sse', 5e6],
    ]);
  });

  test('runs its repetitions in rounds over all values, every second one backwards', () => {
    const { trials } = read({ audiences: '1,10', contenders: 'polling,sse', repeat: '2' });
    expect(trials.map(({ audiences, contender, repetition }) => [audiences, contender.name, repetition])).toEqual([
      [1, 'polling', 1],
      [1, 'sse', 1],
      [10, 'polling', 1],
      [10, 'sse', 1],
      [10, 'sse', 2],
      [10, 'polling', 2],
      [1, 'sse', 2],
      [1, 'polling', 2],
    ]);
  });

  test('names its trials by what differs, in the plan too', () => {
    const request = read({ 'poll-interval': '500ms, 2s', contenders: 'polling' });
    expect(nameTrials(request.trials)).toEqual(['polling (a poll every 500 ms)', 'polling (a poll every 2 s)']);
    expect(describePlan(request)).toContain('polling (a poll every 2 s)');
    expect(nameTrials(read({ clients: '50,100', contenders: 'sse', repeat: '2' }).trials.slice(0, 1))).toEqual(['sse']);
  });

  test('needs one list', () => {
    expect(problemsOf({ clients: '50' })).toEqual([
      'nothing is varied; expected a list of values in one of --clients, --poll-interval, --update-interval, --audiences, such as --clients 50,100,200,500,1000',
    ]);
    expect(problemsOf({ clients: '50,100', audiences: '1,2' })).toEqual([
      '--clients 50,100 and --audiences 1,2 are lists; expected one of them, so that what differs has one cause',
    ]);
  });

  test('tells all problems of all values at once', () => {
    expect(problemsOf({ clients: '50,many,50,', out: ' ' })).toEqual([
      '--clients holds 50 twice; expected each value once',
      "--out is ''; expected a directory",
      "--clients is 'many'; expected a whole number from 1 to 200,000",
      "--clients is ''; expected a whole number from 1 to 200,000",
    ]);
    expect(problemsOf({ 'poll-interval': '1s,2s', contenders: 'polling+interval=1s,sse' })[0]).toMatch(
      /^polling\+interval=1s has a poll interval of its own; expected /,
    );
  });
});
