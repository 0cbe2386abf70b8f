// argv → command → exit code. The only place that ends the process, and where every ending becomes one line.
import { Command, CommanderError } from 'commander';
import { describePlan, ensureCapacity, runBench } from './commands/bench.ts';
import { contenderHelp, settingHelp } from './commands/help.ts';
import { Interrupted } from './commands/interrupt.ts';
import { type RawFlags, readRequest, scenarios } from './commands/request.ts';
import { runServe } from './commands/serve.ts';
import { exitCodes, FreshetError, messageOf } from './contract/errors.ts';
import { suggest } from './contract/settings.ts';

/** Options without a value; all others take one. */
const switches = {
  '--quick': 'a smoke run: 100 clients, a poll and a change every 250 ms, windows of 1 s',
  '--dry-run': 'print the plan and how long it will take, and stop',
  '--json': 'print the run record instead of the table',
};

const valueOptions: Readonly<Record<string, string>> = {
  '--clients <n>': 'virtual clients, each one dashboard (500)',
  '--contenders <list>': 'what to compare, separated by commas (see below)',
  '--transports <list>': 'the same as --contenders',
  '--poll-interval <time>': 'time between two polls of a client (2s)',
  '--update-interval <time>': 'time between two changes of a dashboard (5s)',
  '--duration <time>': 'measured window of each trial (20s)',
  '--audiences <k>': 'different dashboards over which the clients are split (1)',
  '--repeat <n>': 'measure each contender n times, interleaved (1)',
  '--connect-rate <n>': 'connections opened a second while the clients arrive (500)',
  '--seed <n>': 'seed of everything random (42)',
  '--services <driver>': 'where Postgres and Redis come from: embedded',
  '--postgres <url>': 'use this Postgres instead (or DATABASE_URL)',
  '--redis <url>': 'use this Redis instead (or REDIS_URL)',
  '--out <dir>': 'where records and reports go (results)',
};

function buildProgram(run: (action: () => Promise<number>) => void): Command {
  const program = new Command('freshet')
    .description('Should this screen poll, or should the server push? Settled by measurements.')
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const bench = program
    .command('bench')
    .description('run a scenario for its contenders and compare them')
    .argument('[scenario...]', `one of ${scenarios.map(({ name }) => name).join(', ')}`);
  for (const [flags, meaning] of Object.entries(valueOptions)) bench.option(flags, meaning);
  for (const [flag, meaning] of Object.entries(switches)) bench.option(flag, meaning);
  bench
    .option(
      '--set <name=value>',
      'a setting of the scenario (repeatable)',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--debug', 'show the stack of an error');
  bench.allowUnknownOption().addHelpText('after', `\n${settingHelp()}\n\n${contenderHelp()}`);
  bench.action((_names: string[], flags: Record<string, string | boolean | string[]>) =>
    run(() => benchAction(bench.args, flags, knownFlags(bench))),
  );
  program
    .command('serve')
    .description('run one reference server with its database, for a look with curl or a browser')
    .argument('<contender>', 'such as sse, websocket, polling+cache=1s')
    .option('--port <n>', 'where it listens (a free one)')
    .option('--update-interval <time>', 'time between two changes', '5s')
    .option('--postgres <url>', 'use this Postgres instead (or DATABASE_URL)')
    .option('--redis <url>', 'use this Redis instead (or REDIS_URL)')
    .option('--debug', 'show the stack of an error')
    .action((contender: string, flags: Record<string, string | undefined>) => run(() => runServe(contender, flags)));
  const doctor = program
    .command('doctor')
    .description('say what this machine allows, how to raise it, and whether a run would fit');
  for (const flags of ['--clients <n>', '--contenders <list>', '--postgres <url>', '--redis <url>'])
    doctor.option(flags, valueOptions[flags]);
  doctor.option('--debug', 'show the stack of an error').action((flags: Record<string, string | boolean>) =>
    run(async () => {
      const request = collect(forgottenDashes(knownFlags(doctor)), () => readRequest([], rawFlags(flags), process.env));
      return (await import('./commands/doctor.ts')).runDoctor(request);
    }),
  );
  program
    .command('report')
    .description('draw a run record anew')
    .argument('<run.json>', 'a record')
    .option('--out <dir>', 'where the report goes (beside the record)')
    .option('--debug', 'show the stack of an error')
    .action((path: string, flags: { out?: string }) =>
      run(async () => (await import('./commands/report.ts')).runReport(path, flags.out)),
    );
  return program;
}

async function benchAction(
  args: readonly string[],
  flags: Record<string, string | boolean | string[]>,
  known: readonly string[],
): Promise<number> {
  const forgotten = forgottenDashes(known);
  const problems = [...forgotten, ...unknownOptions(args, known)];
  const raw = rawFlags(flags);
  if (raw.values.contenders !== undefined && flags.transports !== undefined)
    problems.push('--contenders and --transports are given; expected one of them, they are the same');
  const request = collect(problems, () =>
    readRequest(forgotten.length > 0 ? [] : positionals(args, known), raw, process.env),
  );
  if (flags.dryRun === true) {
    process.stdout.write(`${describePlan(request)}\n`);
    await ensureCapacity(request.trials);
    return 0;
  }
  return runBench(request, { json: flags.json === true, commandLine: spellCommand() });
}

/** Adds `found` to the problems of `read`, so that all are told at once. */
function collect<T>(found: readonly string[], read: () => T): T {
  let value: T;
  try {
    value = read();
  } catch (error) {
    if (!(error instanceof FreshetError) || error.kind !== 'input') throw error;
    throw new FreshetError('input', [...found, ...error.problems]);
  }
  if (found.length > 0) throw new FreshetError('input', found);
  return value;
}

function rawFlags(flags: Record<string, string | boolean | string[]>): RawFlags {
  const values: Record<string, string> = {};
  for (const [key, value] of Object.entries(flags)) {
    if (typeof value === 'string') values[key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)] = value;
  }
  const { transports, ...rest } = values;
  const set = Array.isArray(flags.set) ? flags.set : [];
  return {
    values: transports === undefined || rest.contenders !== undefined ? rest : { ...rest, contenders: transports },
    set,
    quick: flags.quick === true,
  };
}

function knownFlags(command: Command): string[] {
  return [...command.options.flatMap(({ long }) => long ?? []), '--help'];
}

function unknownOptions(args: readonly string[], known: readonly string[]): string[] {
  const unknown = args.filter((arg) => arg.startsWith('-')).map((arg) => arg.split('=')[0] ?? arg);
  return unknown.map((flag) => `option '${flag}' is not known; expected one that --help lists${suggest(flag, known)}`);
}

/** Arguments that are not an unknown option, nor its value. */
function positionals(args: readonly string[], known: readonly string[]): string[] {
  return args.filter((arg, index) => !arg.startsWith('-') && !isValueOfUnknown(args[index - 1], known));
}

function isValueOfUnknown(before: string | undefined, known: readonly string[]): boolean {
  return before?.startsWith('-') === true && !before.includes('=') && !known.includes(before);
}

/** npm swallows options in front of which the `--` is missing, and leaves them in the environment. */
function forgottenDashes(known: readonly string[]): string[] {
  const script = process.env.npm_lifecycle_event;
  if (script === undefined) return [];
  const swallowed = known.filter(
    (flag) => process.env[`npm_config_${flag.slice(2).replaceAll('-', '_')}`] !== undefined,
  );
  return swallowed.length === 0
    ? []
    : [
        `npm took ${swallowed.join(', ')} for itself; expected a -- in front: npm run ${script} -- ${swallowed.join(' … ')} …`,
      ];
}

function spellCommand(): string {
  const args = process.argv
    .slice(3)
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`));
  return ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])]
    .join(' ')
    .replaceAll(/(:\/\/[^:@/\s]*):[^@/\s]*@/g, '$1:***@');
}

function reportEnding(error: unknown): number {
  if (error instanceof Interrupted) {
    process.stderr.write(`Interrupted by ${error.signal}; what was measured is kept.\n`);
    return error.exitCode;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0 || error.code === 'commander.help') return error.exitCode === 0 ? 0 : exitCodes.input;
    process.stderr.write(
      `${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}; expected what --help lists\n`,
    );
    return exitCodes.input;
  }
  const debug = process.argv.includes('--debug');
  const lines =
    error instanceof FreshetError
      ? error.problems
      : [`a bug of Freshet: ${messageOf(error)}; please report it with the output of the same command and --debug`];
  process.stderr.write(`${lines.map((line) => line.replaceAll(/\s+/g, ' ')).join('\n')}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return error instanceof FreshetError ? exitCodes[error.kind] : exitCodes.bug;
}

async function main(): Promise<number> {
  try {
    let action: (() => Promise<number>) | null = null;
    await buildProgram((chosen) => {
      action = chosen;
    }).parseAsync();
    return action === null ? 0 : await (action as () => Promise<number>)();
  } catch (error) {
    return reportEnding(error);
  }
}

process.exit(await main());
