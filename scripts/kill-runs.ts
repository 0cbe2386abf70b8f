// `npm run kill-runs -- --runs 100 --seed 1`: ends real runs at random moments in random ways and looks at what is left and what was said.
// `--only N` repeats one of them. Exit code 1 when any run did not end as documented. Linux only (proc(5)).

import { chmodSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodes, FreshetError, messageOf } from '../harness/contract/errors.ts';
import { openGuard } from '../harness/services/guard.ts';
import { startPostgres } from '../harness/services/postgres.ts';
import { startRedis } from '../harness/services/redis.ts';
import { judge } from './kill-runs/judge.ts';
import { namesIn } from './kill-runs/names.ts';
import { describeWay, type KillPlan, planRun } from './kill-runs/plan.ts';
import { killRun, type Outcome } from './kill-runs/run.ts';

interface Request {
  readonly seed: number;
  /** Of the runs, from 1. */
  readonly numbers: readonly number[];
  readonly isRepetition: boolean;
}

/** Throws `input` for what is not one of the three options with a whole number. */
function readRequest(args: readonly string[]): Request {
  const values = readOptions(args);
  const number = (name: 'runs' | 'seed' | 'only', usual: number) => {
    const given = values[name] ?? String(usual);
    if (!/^[1-9]\d{0,6}$/.test(given))
      throw new FreshetError('input', `--${name} is '${given}'; expected a whole number from 1`);
    return Number(given);
  };
  const isRepetition = values.only !== undefined;
  const runs = number('runs', 20);
  return {
    seed: number('seed', 1),
    numbers: isRepetition ? [number('only', 1)] : Array.from({ length: runs }, (_, i) => i + 1),
    isRepetition,
  };
}

function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...args], options: { runs: text, seed: text, only: text } }).values;
  } catch (error) {
    throw new FreshetError('input', `${messageOf(error)}; expected --runs N, --seed N, --only N`);
  }
}

async function killRuns({ seed, numbers, isRepetition }: Request): Promise<number> {
  const guard = await openGuard();
  const failed: number[] = [];
  try {
    const [postgres, redis] = await Promise.all([startPostgres({ guard }), startRedis({ guard })]);
    const services = { postgres: postgres.url, redis: redis.url };
    for (const number of numbers) {
      const plan = planRun(seed, number);
      const directory = await mkdtemp(join(tmpdir(), 'kill-runs-'));
      chmodSync(directory, 0o755);
      const outcome = await killRun(plan, { directory, services: plan.externalServices ? services : null });
      const problems = [
        ...judge(plan, outcome),
        ...(await namesIn(services.postgres)).map((name) => `left in Postgres: ${name}`),
      ];
      process.stdout.write(
        `${describe(plan, outcome)}${problems.map((problem) => `\n      WRONG: ${problem}`).join('')}\n`,
      );
      if (problems.length > 0) failed.push(number);
      if (problems.length > 0 && isRepetition) process.stdout.write(`${outcome.stderr}\n`);
      await rm(directory, { recursive: true, force: true });
    }
  } finally {
    await guard.close();
  }
  process.stdout.write(
    `${numbers.length - failed.length} of ${numbers.length} runs ended as documented (seed ${seed}).\n`,
  );
  for (const number of failed) process.stdout.write(`Repeat: npm run kill-runs -- --seed ${seed} --only ${number}\n`);
  return failed.length === 0 ? 0 : 1;
}

function describe(plan: KillPlan, outcome: Outcome): string {
  const { number, throughNpm, externalServices, way, atMs } = plan;
  const how = [throughNpm ? 'npm' : 'node', ...(externalServices ? ['urls'] : [])].join(', ');
  const last = outcome.stderr.split('\n').at(-1) ?? '';
  const trials = outcome.record === null ? '–' : JSON.parse(outcome.record).trials.length;
  return `#${number} (${how}) ${describeWay(way)} at ${(atMs / 1000).toFixed(1)} s${outcome.hit ? '' : ' (nothing to hit)'} → exit ${outcome.code} after ${(outcome.endedAfterMs / 1000).toFixed(1)} s, ${trials} trials kept: ${last.slice(0, 160)}`;
}

async function main(): Promise<number> {
  try {
    return await killRuns(readRequest(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`${messageOf(error).replaceAll(/\s+/g, ' ')}\n`);
    return error instanceof FreshetError ? exitCodes[error.kind] : exitCodes.bug;
  }
}

process.exit(await main());
