// What is documented of a run's end, held against what was seen. Out: every difference, in words.
import { runRecord } from '../../harness/contract/record.ts';
import type { KillPlan } from './plan.ts';
import type { Part } from './processes.ts';
import type { Outcome } from './run.ts';

const trialsPlanned = 2;
/** The whole run's end: cleaning up and the report. */
const endLimitMs = 20_000;

/** How messages call a part; its death may also be told by who cannot go on without it. */
const calledAs: Readonly<Record<Part, RegExp>> = {
  watchdog: /watchdog/,
  postgres: /postgres/i,
  'postgres backend': /postgres/i,
  redis: /redis/i,
  relay: /relay/,
  server: /server/,
  publisher: /publisher/,
  'publish program': /publishes/,
  shard: /shard|canary/,
  canary: /shard|canary/,
};

export function judge(plan: KillPlan, outcome: Outcome): string[] {
  return [...outcome.left.map((left) => `left: ${left}`), ...judgeEnding(plan, outcome), ...judgeRecord(outcome)];
}

function judgeEnding({ way }: KillPlan, outcome: Outcome): string[] {
  if (outcome.code === null) return ['did not end'];
  const slow = outcome.endedAfterMs > endLimitMs ? [`took ${Math.round(outcome.endedAfterMs)} ms to end`] : [];
  const finished = isFinished(outcome);
  switch (way.kind) {
    case 'signal':
      if (finished && !outcome.hit) return [];
      return [...slow, ...judgeSignal(outcome, { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGKILL: 137 }[way.signal])];
    case 'twice':
    case 'freeze part':
      return finished && !outcome.hit ? [] : [...slow, ...judgeSignal(outcome, 130, way.kind === 'twice')];
    case 'kill command and watchdog':
      return finished && !outcome.hit ? [] : judgeSignal(outcome, 137);
    case 'kill part':
      if (way.part === 'watchdog') return finished ? [] : [`the watchdog's death harmed the run: exit ${outcome.code}`];
      // A part that had done its work, or was being stopped anyway, is not missed.
      return finished ? [] : [...slow, ...judgeLoss(outcome, calledAs[way.part])];
  }
}

/** A benchmark beside other work may be voided (4), which is not what is tried here. */
function isFinished({ code, stdout }: Outcome): boolean {
  return (code === 0 || code === 4) && stdout.includes('Report: ');
}

function judgeSignal({ code, stdout, stderr }: Outcome, expected: number, isTwice = false): string[] {
  const problems = code === expected ? [] : [`exit ${code}, expected ${expected}`];
  const last = stderr.split('\n').at(-1) ?? '';
  // SIGKILL, a second Ctrl-C, and a signal before anything was begun or after all was said leave no time for words.
  const silent = expected === 137 || isTwice || stderr === '' || stdout.includes('Report: ');
  return silent || last.startsWith('Interrupted by ') ? problems : [...problems, `last line: ${last}`];
}

function judgeLoss({ code, stderr }: Outcome, name: RegExp): string[] {
  const last = stderr.split('\n').at(-1) ?? '';
  return [
    ...(code === 3 ? [] : [`exit ${code}, expected 3`]),
    ...(name.test(last) ? [] : [`the last line does not name ${name}: ${last}`]),
    ...(/\n\s+at |^node:/m.test(stderr) ? ['a stack'] : []),
  ];
}

function judgeRecord({ record: text, stderr, code }: Outcome): string[] {
  // One that measured nothing keeps nothing, unless it was killed.
  if (text === null) return stderr.includes(`[2/${trialsPlanned}]`) ? ['no run.json, though a trial was done'] : [];
  const parsed = runRecord.safeParse(JSON.parse(text));
  if (!parsed.success) return [`run.json is not valid: ${parsed.error.message}`];
  const { trials, missing, status } = parsed.data;
  const done = stderr.includes(`[2/${trialsPlanned}]`) ? 1 : 0;
  const problems = trials.length >= done ? [] : [`${trials.length} trials in run.json, but ${done} were done`];
  if (trials.length + missing.length !== trialsPlanned)
    problems.push(`${trials.length} trials, ${missing.length} missing`);
  if ((status === 'interrupted') !== missing.length > 0)
    problems.push(`status ${status} with ${missing.length} missing`);
  if ((code === 0 || code === 4) && missing.length > 0) problems.push(`exit ${code} with ${missing.length} missing`);
  return problems;
}
