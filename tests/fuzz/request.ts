// What is asked for on the command line. In: argv. Out: a checked request, or all its problems at once.
import { parseArgs } from 'node:util';
import { FreshetError, messageOf } from '../../harness/contract/errors.ts';
import { suggest } from '../../harness/contract/settings.ts';
import { subjectNames } from './subjects.ts';

export interface FuzzRequest {
  readonly inputs: number;
  readonly seed: number;
  /** Names of subjects. */
  readonly only: readonly string[];
  /** Replays these inputs (of a reader) or conversations (with a server) alone. */
  readonly numbers: readonly number[] | null;
}

const options = {
  inputs: { type: 'string', default: '1000000' },
  seed: { type: 'string', default: '1' },
  only: { type: 'string' },
  numbers: { type: 'string' },
} as const;

/** Throws `input` with one line for each problem. */
export function readFuzzRequest(args: readonly string[]): FuzzRequest {
  const { inputs, seed, only, numbers } = parse(args);
  const problems: string[] = [];
  const whole = (flag: string, text: string, least: number): number => {
    if (!/^\d{1,9}$/.test(text) || Number(text) < least)
      problems.push(`${flag} is '${text}'; expected a whole number from ${least} on`);
    return Number(text);
  };
  const request = {
    inputs: whole('--inputs', inputs, 10),
    seed: whole('--seed', seed, 0),
    only: only === undefined ? subjectNames : only.split(','),
    numbers: numbers === undefined ? null : numbers.split(',').map((number) => whole('--numbers', number, 0)),
  };
  for (const name of request.only) {
    if (!subjectNames.includes(name))
      problems.push(`--only is '${name}'; expected one of ${subjectNames.join(', ')}${suggest(name, subjectNames)}`);
  }
  if (request.numbers !== null && request.only.length !== 1)
    problems.push('--numbers is given for several subjects; expected --only with one of them');
  if (problems.length > 0) throw new FreshetError('input', problems);
  return request;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new FreshetError('input', `${messageOf(error).split('. ')[0]}; expected --inputs, --seed, --only, --numbers`);
  }
}
