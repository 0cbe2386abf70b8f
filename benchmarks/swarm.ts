// `npm run bench:swarm`: what a virtual client of ours costs its generator, beside clients of common libraries in the same run.
// Table or JSON on stdout, progress on stderr. To be read by people: nothing is gated.
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { abortOnSignals } from '../harness/commands/interrupt.ts';
import { FreshetError } from '../harness/contract/errors.ts';
import { transports } from '../harness/contract/record.ts';
import { type CountSetting, parseSetting, suggest } from '../harness/contract/settings.ts';
import { reportEnding } from './ending.ts';
import { candidates } from './swarm/contract.ts';
import type { SwarmCosts } from './swarm/costs.ts';
import type { BenchPlan } from './swarm/plan.ts';
import { runSwarmBenchmark } from './swarm/run.ts';
import { renderCosts } from './swarm/table.ts';

interface Flags {
  readonly clients?: string;
  readonly only?: string;
  readonly repeat?: string;
  readonly alone?: true;
  readonly quick?: true;
  readonly json?: true;
  readonly chart?: string;
}

const clientsSetting: CountSetting = {
  kind: 'count',
  default: 5_000,
  min: 10,
  max: 19_500,
  meaning: 'clients of one process',
};
const repeatSetting: CountSetting = { kind: 'count', default: 2, min: 1, max: 100, meaning: 'rounds' };

/** The closed loop stands beside the transports. */
const loopName = 'closed-loop';
const parts = [...transports, loopName] as const;

function buildCommand(): Command {
  return new Command('bench:swarm')
    .description(
      `what a virtual client costs (CPU to connect, CPU for each message or poll, memory), beside ${libraries()} and autocannon in the same run`,
    )
    .option('--clients <list>', 'numbers of clients, separated by commas (5000)')
    .option('--only <list>', `parts to measure, separated by commas: ${parts.join(', ')} (all)`)
    .option('--repeat <n>', 'rounds, each with all clients in turn (2)')
    .option('--alone', 'only our own clients')
    .option('--quick', 'a glance: 500 clients, one round')
    .option('--json', 'print the figures as JSON instead of the table')
    .option('--chart <file>', 'draw the CPU of our clients over their number as SVG')
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

function libraries(): string {
  return [...new Set(Object.values(candidates).flat())].filter((name) => name !== 'freshet').join(', ');
}

/** Throws `input` with every problem. */
function planOf(flags: Flags): BenchPlan {
  const problems: string[] = [];
  const count = (name: string, setting: CountSetting, text: string): number => {
    const parsed = parseSetting(name, setting, text);
    if ('problem' in parsed) problems.push(parsed.problem);
    return 'problem' in parsed ? setting.default : Number(parsed.value);
  };
  const counts = (flags.clients ?? (flags.quick ? '500' : '5000'))
    .split(',')
    .map((text) => count('--clients', clientsSetting, text));
  const repeat = count('--repeat', repeatSetting, flags.repeat ?? (flags.quick ? '1' : '2'));
  const wanted = flags.only?.split(',') ?? parts;
  for (const name of wanted)
    if (!parts.some((part) => part === name))
      problems.push(`--only names '${name}'; expected one of ${parts.join(', ')}${suggest(name, parts)}`);
  if (problems.length > 0) throw new FreshetError('input', problems);
  const wantsLoop = wanted.includes(loopName);
  return {
    transports: transports.filter((name) => wanted.includes(name)),
    counts: [...new Set(counts)],
    repeat,
    isAlone: flags.alone === true,
    changes: flags.quick ? 4 : 6,
    polls: 3,
    pollIntervalUs: flags.quick ? 500_000 : 2_000_000,
    loop: wantsLoop ? { connections: 100, durationUs: flags.quick ? 1_000_000 : 4_000_000 } : null,
  };
}

async function main(): Promise<number> {
  const signal = abortOnSignals();
  try {
    const flags = buildCommand().parse().opts<Flags>();
    const costs = await runSwarmBenchmark(planOf(flags), {
      postgresUrl: process.env.DATABASE_URL,
      signal,
      onStep: (what) => process.stderr.write(`${what}\n`),
    });
    if (flags.chart !== undefined) await drawTo(flags.chart, costs);
    process.stdout.write(flags.json ? `${JSON.stringify(costs, null, 2)}\n` : renderCosts(costs));
    return 0;
  } catch (error) {
    return reportEnding(error);
  }
}

async function drawTo(path: string, costs: SwarmCosts): Promise<void> {
  const { drawCosts } = await import('./swarm/chart.ts');
  await writeFile(path, await drawCosts(costs));
}

process.exit(await main());
