// What a sweep was asked → a request as of `bench`, with the trials of every value of the one condition that is varied.
import { FreshetError } from '../contract/errors.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { type BenchRequest, type RawFlags, readRequest } from './request.ts';

/** What may be varied: each takes a list. */
const variable = ['clients', 'poll-interval', 'update-interval', 'audiences'] as const;

/** Reads the whole request. Throws `input` with one line for each problem. */
export function readSweepRequest(
  flags: RawFlags,
  environment: Readonly<Record<string, string | undefined>>,
): BenchRequest {
  const lists = variable.flatMap((name) => {
    const text = flags.values[name];
    return text?.includes(',') ? [{ name, values: text.split(',').map((value) => value.trim()) }] : [];
  });
  const [list, ...others] = lists;
  if (list === undefined || others.length > 0) throw new FreshetError('input', [...listProblems(lists)]);
  const { name, values } = list;
  const problems = values
    .filter((value, index) => values.indexOf(value) < index)
    .map((value) => `--${name} holds ${value} twice; expected each value once`);
  const requests: BenchRequest[] = [];
  for (const value of values) {
    const given = { ...flags, values: { ...flags.values, [name]: value } };
    try {
      requests.push(readRequest(['dashboard'], given, environment));
    } catch (error) {
      if (!(error instanceof FreshetError) || error.kind !== 'input') throw error;
      problems.push(...error.problems);
    }
  }
  const [first] = requests;
  if (name === 'poll-interval' && first !== undefined) problems.push(...fixedIntervals(first.trials));
  if (problems.length > 0 || first === undefined) throw new FreshetError('input', [...new Set(problems)]);
  return { ...first, trials: interleave(requests.map(({ trials }) => trials)) };
}

function listProblems(lists: readonly { readonly name: string; readonly values: readonly string[] }[]): string[] {
  const example = '--clients 50,100,200,500,1000';
  if (lists.length === 0)
    return [`nothing is varied; expected a list of values in one of ${flagList()}, such as ${example}`];
  const given = lists.map(({ name, values }) => `--${name} ${values.join(',')}`).join(' and ');
  return [`${given} are lists; expected one of them, so that what differs has one cause`];
}

function flagList(): string {
  return variable.map((name) => `--${name}`).join(', ');
}

function fixedIntervals(trials: readonly TrialPlan[]): string[] {
  return trials
    .filter(({ contender }) => contender.given.interval !== undefined)
    .map(
      ({ contender }) =>
        `${contender.name} has a poll interval of its own; expected one that --poll-interval can vary, such as polling`,
    );
}

/** All values in each round, so that slow drift of the machine meets them alike: odd rounds run backwards. */
function interleave(byValue: readonly (readonly TrialPlan[])[]): TrialPlan[] {
  const rounds = Math.max(...byValue.flatMap((trials) => trials.map(({ repetition }) => repetition)));
  return Array.from({ length: rounds }, (_, round) => {
    const order = round % 2 === 0 ? byValue : byValue.toReversed();
    return order.flatMap((trials) => trials.filter(({ repetition }) => repetition === round + 1));
  }).flat();
}
