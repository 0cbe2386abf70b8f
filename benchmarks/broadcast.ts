// `npm run bench:broadcast`: what the servers use to bring a message to a client, beside the barest broadcast in the same run.
// Table or JSON on stdout, progress on stderr. To be read by people: nothing is gated.
import { Command } from 'commander';
import { abortOnSignals } from '../harness/commands/interrupt.ts';
import { FreshetError } from '../harness/contract/errors.ts';
import { type CountSetting, parseSetting, suggest } from '../harness/contract/settings.ts';
import { rows } from './broadcast/rows.ts';
import { type BroadcastPlan, runBroadcast } from './broadcast/run.ts';
import { linesOf, renderLines } from './broadcast/table.ts';
import { reportEnding } from './ending.ts';

interface Flags {
  readonly clients?: string;
  readonly only?: string;
  readonly repeat?: string;
  readonly quick?: true;
  readonly json?: true;
}

const clientsSetting: CountSetting = {
  kind: 'count',
  default: 1_000,
  min: 10,
  max: 15_000,
  meaning: 'clients of a trial',
};
const repeatSetting: CountSetting = { kind: 'count', default: 1, min: 1, max: 100, meaning: 'trials of each row' };

function buildCommand(): Command {
  return new Command('bench:broadcast')
    .description(
      "the servers' CPU per client and message, and memory per connection, beside a floor measured in the same run",
    )
    .option('--clients <list>', 'numbers of clients, separated by commas (5000)')
    .option('--only <list>', 'rows to measure, separated by commas; their floors are added (all)')
    .option('--repeat <n>', 'trials of each row, of three rounds each, every second time in reverse order (1)')
    .option('--quick', 'a glance: the default contenders, 1,000 clients, two short rounds')
    .option('--json', 'print the figures as JSON instead of the table')
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

/** Throws `input` with every problem. */
function planOf(flags: Flags, signal: AbortSignal): BroadcastPlan {
  const problems: string[] = [];
  const count = (name: string, setting: CountSetting, text: string): number => {
    const parsed = parseSetting(name, setting, text);
    if ('problem' in parsed) problems.push(parsed.problem);
    return 'problem' in parsed ? setting.default : Number(parsed.value);
  };
  const clients = (flags.clients ?? (flags.quick ? '1000' : '5000'))
    .split(',')
    .map((text) => count('--clients', clientsSetting, text));
  const repeat = count('--repeat', repeatSetting, flags.repeat ?? '1');
  const names = rows.map(({ name }) => name);
  const wanted = flags.only?.split(',') ?? rows.filter(({ isMain }) => isMain || !flags.quick).map(({ name }) => name);
  for (const name of wanted)
    if (!names.includes(name))
      problems.push(`--only names '${name}'; expected one of ${names.join(', ')}${suggest(name, names)}`);
  if (problems.length > 0) throw new FreshetError('input', problems);
  const chosen = rows.filter(({ name }) => wanted.includes(name));
  const floors = new Set(chosen.map(({ against }) => against));
  return {
    rows: rows.filter((row) => chosen.includes(row) || (row.floor !== null && floors.has(row.floor))),
    clients: [...new Set(clients)],
    repeat,
    rounds: flags.quick ? 2 : 3,
    warmUpMessages: 10_000,
    messagesPerRound: flags.quick ? 4_000 : 10_000,
    signal,
    onTrial: (name, count) => process.stderr.write(`${name}, ${count.toLocaleString('en-US')} clients\n`),
  };
}

async function main(): Promise<number> {
  const signal = abortOnSignals();
  try {
    const flags = buildCommand().parse().opts<Flags>();
    const lines = linesOf(await runBroadcast(planOf(flags, signal)));
    process.stdout.write(flags.json ? `${JSON.stringify(lines, null, 2)}\n` : renderLines(lines));
    return 0;
  } catch (error) {
    return reportEnding(error);
  }
}

process.exit(await main());
