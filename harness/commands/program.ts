// argv → request → command. A command's code is loaded when its request has been read: a wrong one is told at once.
import { Command, CommanderError } from 'commander';
import { exitCodes, FreshetError, messageOf, systemFailure } from '../contract/errors.ts';
import { parseRequirements } from '../contract/requirement.ts';
import type { ForeignTarget } from '../targets/foreign-system.ts';
import { readAgentRequest, readAgentsRequest } from './agent-request.ts';
import { ceilingOptions, readCeilingRequest } from './ceiling-request.ts';
import {
  doubledDashes,
  forgottenDashes,
  knownFlags,
  positionals,
  spellCommand,
  unknownOptions,
  watchRepeats,
} from './command-line.ts';
import type { CompareFlags } from './compare.ts';
import { type GateFlags, type GateTargets, gateOptions, readGateRequest, versionProblems } from './gate-request.ts';
import { contenderHelp, requirementHelp, scenarioHelp, settingHelp } from './help.ts';
import { Interrupted } from './interrupt.ts';
import { type BenchRequest, type RawFlags, readRequest, scenarios, servicesMeaning } from './request.ts';
import { readScenarioFile } from './scenario-file.ts';
import { defaultStrategies, readSimulateRequest, simulateSettings } from './simulate-request.ts';
import { readSweepRequest } from './sweep-request.ts';

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
  '--services <driver>': servicesMeaning,
  '--postgres <url>': 'use this Postgres instead (or DATABASE_URL)',
  '--redis <url>': 'use this Redis instead (or REDIS_URL); with --agents, where these are met',
  '--agents <n>': 'let so many agents run the clients (docs/agents.md)',
  '--serve-as <host>': 'with --agents: the address of this machine on which servers listen and are called (loopback)',
  '--redis-ca <file>': 'with --agents: the certificate that vouches for their Redis',
  '--out <dir>': 'where records and reports go (results)',
};

const thresholdMeaning =
  "a limit that fails the run (exit code 1), such as 'websocket.freshnessUs.p99 < 250ms' (repeatable)";
const requireMeaning = "what the screen needs, such as 'freshness<3s' or bidirectional (repeatable)";

/** Runs what the arguments ask for, without the program's name. Resolves with the exit code; throws what `describeEnding` makes a line of. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  refuse(doubledDashes(argv));
  let action: (() => Promise<number>) | null = null;
  await buildProgram((chosen) => {
    action = chosen;
  }).parseAsync(argv, { from: 'user' });
  return action === null ? 0 : (action as () => Promise<number>)();
}

/** What to say of an error, a line each, and the exit code that tells scripts as much. */
export function describeEnding(thrown: unknown): { readonly exitCode: number; readonly lines: readonly string[] } {
  const error = systemFailure(thrown);
  if (error instanceof Interrupted) return { exitCode: error.exitCode, lines: [error.message] };
  if (error instanceof CommanderError) {
    // It has shown its help by now.
    if (error.exitCode === 0) return { exitCode: 0, lines: [] };
    if (error.code === 'commander.help') return { exitCode: exitCodes.input, lines: [] };
    return {
      exitCode: exitCodes.input,
      lines: [`${onOneLine(error.message.replace(/^error: /, ''))}; expected what --help lists`],
    };
  }
  if (error instanceof FreshetError) return { exitCode: exitCodes[error.kind], lines: error.problems.map(onOneLine) };
  const advice = 'please report it with the output of the same command and --debug';
  return { exitCode: exitCodes.bug, lines: [`a bug of Freshet: ${onOneLine(messageOf(error))}; ${advice}`] };
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

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
    .option('--require <need>', requireMeaning, (value: string, all: string[]) => [...all, value], [])
    .option('--threshold <limit>', thresholdMeaning, (value: string, all: string[]) => [...all, value], [])
    .option('--scenario-file <file>', 'a scenario of your own: JSON, or a TypeScript module (docs/scenario-file.md)')
    .option('--target-file <file>', 'measure the server that this file describes instead (repeatable)', gather, [])
    .option('--allow-host <name>', 'consent to load on this host, which is not this machine (repeatable)', gather, [])
    .option('--debug', 'show the stack of an error');
  bench
    .allowUnknownOption()
    .addHelpText('after', `\n${scenarioHelp()}\n\n${settingHelp()}\n\n${contenderHelp()}\n\n${requirementHelp()}`);
  const repeatsOfBench = watchRepeats(bench, ['--set', '--require', '--threshold', '--target-file', '--allow-host']);
  bench.action((_names: string[], flags: Record<string, string | boolean | string[]>) =>
    run(() => benchAction(bench.args, flags, { known: knownFlags(bench), repeats: repeatsOfBench() })),
  );
  addSweep(program, run);
  addCeiling(program, run);
  const serve = program
    .command('serve')
    .description('run reference servers with a database and a live page, for a look with a browser, curl or wscat')
    .argument('[contender...]', 'such as sse or polling+cache=1s (all four transports)')
    .option('--port <n>', 'where it listens: the server or, of several, their page (a free one)')
    .option('--log <file>', 'append the connection log to this file (one that is gone afterwards)')
    .option('--update-interval <time>', 'time between two changes', '5s')
    .option('--postgres <url>', 'use this Postgres instead (or DATABASE_URL)')
    .option('--redis <url>', 'use this Redis instead (or REDIS_URL)')
    .option('--debug', 'show the stack of an error');
  const repeatsOfServe = watchRepeats(serve);
  serve.action((contenders: string[], flags: Record<string, string | undefined>) =>
    run(async () => {
      refuse(repeatsOfServe());
      return (await import('./serve.ts')).runServe(contenders, flags);
    }),
  );
  const doctor = program
    .command('doctor')
    .description('say what this machine allows, how to raise it, and whether a run would fit');
  for (const flags of [
    '--clients <n>',
    '--contenders <list>',
    '--services <driver>',
    '--postgres <url>',
    '--redis <url>',
  ])
    doctor.option(flags, valueOptions[flags]);
  doctor.option('--debug', 'show the stack of an error');
  const repeatsOfDoctor = watchRepeats(doctor);
  doctor.action((flags: Record<string, string | boolean>) =>
    run(async () => {
      const problems = [...forgottenDashes(knownFlags(doctor)), ...repeatsOfDoctor()];
      const request = collect(problems, () => readRequest([], rawFlags(flags), process.env));
      return (await import('./doctor.ts')).runDoctor(request);
    }),
  );
  const report = program
    .command('report')
    .description('draw run records anew, several on one page')
    .argument('<run.json>', 'a record')
    .argument('[more...]', 'others for the same page')
    .option('--out <dir>', 'where the report goes (beside the first record)')
    .option('--require <need>', requireMeaning, (value: string, all: string[]) => [...all, value], [])
    .option('--debug', 'show the stack of an error');
  report.addHelpText('after', `\n${requirementHelp()}`);
  const repeatsOfReport = watchRepeats(report, ['--require']);
  report.action((path: string, more: string[], flags: { out?: string; require: string[] }) =>
    run(async () => {
      refuse([
        ...forgottenDashes(knownFlags(report)),
        ...repeatsOfReport(),
        ...parseRequirements(flags.require).problems,
      ]);
      return (await import('./report.ts')).runReport([path, ...more], flags);
    }),
  );
  addSimulate(program, run);
  addCompare(program, run);
  addGate(program, run);
  addAgents(program, run);
  return program;
}

function addAgents(program: Command, run: (action: () => Promise<number>) => void): void {
  const agent = program.command('agent').description('run clients for runs elsewhere, until Ctrl-C');
  const agents = program.command('agents').description('list the agents that are there, and what each can carry');
  for (const command of [agent, agents])
    command
      .option('--redis <url>', 'where agents and runs meet (or REDIS_URL)')
      .option('--redis-ca <file>', 'the certificate (PEM) that vouches for it')
      .option('--debug', 'show the stack of an error');
  agent
    .option('--name <name>', 'how it is called (host and process)')
    .option('--allow-host <name>', 'a host beyond this machine that may be put under load (repeatable)', gather, []);
  const repeats = { agent: watchRepeats(agent, ['--allow-host']), agents: watchRepeats(agents) };
  agent.action((flags: Record<string, string | boolean | string[]>) =>
    run(async () => {
      const found = [...forgottenDashes(knownFlags(agent)), ...repeats.agent()];
      const allowedHosts = Array.isArray(flags.allowHost) ? flags.allowHost : [];
      const request = readAgentRequest(rawFlags(flags).values, { allowedHosts, environment: process.env, found });
      return (await import('./agent.ts')).runAgentCommand(request);
    }),
  );
  agents.action((flags: Record<string, string | boolean>) =>
    run(async () => {
      const found = [...forgottenDashes(knownFlags(agents)), ...repeats.agents()];
      const place = readAgentsRequest(rawFlags(flags).values, process.env, found);
      return (await import('./agent.ts')).runAgentsCommand(place);
    }),
  );
}

function addGate(program: Command, run: (action: () => Promise<number>) => void): void {
  const gate = program
    .command('gate')
    .description('measure two versions of the servers by turns, and fail when the candidate is worse');
  for (const [flags, meaning] of Object.entries(gateOptions)) gate.option(flags, meaning);
  gate
    .option(
      '--metric <name>',
      'a timing to judge, such as freshnessUs.p99 (repeatable)',
      (value: string, all: string[] | undefined) => [...(all ?? []), value],
    )
    .option(
      '--set <name=value>',
      'a setting of the scenario (repeatable)',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--allow-host <name>', 'a host beyond this machine that may be put under load (repeatable)', gather, [])
    .option('--deterministic', 'judge the deterministic figures alone, from one pair')
    .option('--strict', 'end with 4 when a timing stays inconclusive')
    .option('--json', 'print the judgement instead of the tables')
    .option('--debug', 'show the stack of an error');
  const repeats = watchRepeats(gate, ['--set', '--metric', '--allow-host']);
  gate.action((flags: GateFlags & Record<string, string | boolean | string[]>) =>
    run(async () => {
      const found = [...forgottenDashes(knownFlags(gate)), ...repeats()];
      const targets = await gateTargetsOf(flags);
      const request = readGateRequest(flags, rawFlags(flags), { environment: process.env, found, targets });
      const commandLine = spellCommand(process.argv.slice(2));
      return (await import('./gate.ts')).runGate(request, { commandLine });
    }),
  );
}

function addCompare(program: Command, run: (action: () => Promise<number>) => void): void {
  const compare = program
    .command('compare')
    .description('say what changed between two runs of the same command, and fail when it got worse')
    .argument('<baseline.json>', 'the record of the run to compare with')
    .argument('<candidate.json>', 'the record of the run in question')
    .option('--limit <share>', 'by how much a deterministic figure may worsen (2%)')
    .option('--threshold <limit>', thresholdMeaning, (value: string, all: string[]) => [...all, value], [])
    .option('--out <dir>', 'write compare.json, summary.md, junit.xml and benchmark.json here')
    .option('--json', 'print the comparison instead of the tables')
    .option('--debug', 'show the stack of an error');
  const repeats = watchRepeats(compare, ['--threshold']);
  compare.action((baseline: string, candidate: string, flags: CompareFlags) =>
    run(async () => {
      const found = [...forgottenDashes(knownFlags(compare)), ...repeats()];
      return (await import('./compare.ts')).runCompare([baseline, candidate], flags, found);
    }),
  );
}

function addSweep(program: Command, run: (action: () => Promise<number>) => void): void {
  const sweep = program
    .command('sweep')
    .description('measure contenders at several values of one condition: a list for one of the first four options');
  const lists: Readonly<Record<string, string>> = {
    '--clients <list>': 'virtual clients, such as 50,100,200,500,1000',
    '--poll-interval <list>': 'time between two polls of a client, such as 500ms,1s,2s',
    '--update-interval <list>': 'time between two changes of a dashboard',
    '--audiences <list>': 'different dashboards over which the clients are split',
  };
  const isList = (flags: string) => Object.keys(lists).some((list) => list.split(' ')[0] === flags.split(' ')[0]);
  const others = Object.entries({ ...valueOptions, ...switches }).filter(([flags]) => !isList(flags));
  for (const [flags, meaning] of [...Object.entries(lists), ...others]) sweep.option(flags, meaning);
  sweep
    .option(
      '--set <name=value>',
      'a setting of the dashboard scenario (repeatable)',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--require <need>', requireMeaning, (value: string, all: string[]) => [...all, value], [])
    .option('--debug', 'show the stack of an error');
  sweep.addHelpText('after', `\n${contenderHelp()}\n\n${requirementHelp()}`);
  const repeats = watchRepeats(sweep, ['--set', '--require']);
  sweep.action((flags: Record<string, string | boolean | string[]>) =>
    run(() => {
      const problems = [...forgottenDashes(knownFlags(sweep)), ...repeats(), ...twiceNamed(flags)];
      const request = collect(problems, () => readSweepRequest(rawFlags(flags), process.env));
      return planOrBench(request, flags);
    }),
  );
}

function addCeiling(program: Command, run: (action: () => Promise<number>) => void): void {
  const ceiling = program
    .command('ceiling')
    .description('how many dashboards this server could bear with each contender, and what gives out first');
  for (const [flags, meaning] of Object.entries(ceilingOptions)) ceiling.option(flags, meaning);
  ceiling
    .option('--dry-run', 'print the steps, and stop')
    .option('--json', 'print the result as JSON instead of the table')
    .option('--debug', 'show the stack of an error');
  const repeats = watchRepeats(ceiling);
  ceiling.action((flags: Record<string, string | boolean>) =>
    run(async () => {
      const problems = [...forgottenDashes(knownFlags(ceiling)), ...repeats()];
      const request = collect(problems, () => readCeilingRequest(rawFlags(flags), process.env));
      const { describeCeilingPlan, runCeiling } = await import('./ceiling.ts');
      if (flags.dryRun !== true) return runCeiling(request, { json: flags.json === true });
      process.stdout.write(`${describeCeilingPlan(request)}\n`);
      return 0;
    }),
  );
}

function addSimulate(program: Command, run: (action: () => Promise<number>) => void): void {
  const simulate = program
    .command('simulate')
    .description(
      'let clients come back after an outage in a simulation, without a server, and compare their strategies',
    )
    .argument('<what>', 'storm');
  for (const [name, { kind, meaning, default: usual }] of Object.entries(simulateSettings))
    simulate.option(`--${name} <${kind === 'duration' ? 'time' : 'n'}>`, `${meaning} (${usual})`);
  simulate
    .option('--strategies <list>', `backoffs, separated by commas (${defaultStrategies})`)
    .option('--from <run.json>', 'take accept rate and service time from a measured storm')
    .option('--out <dir>', 'keep the simulation here')
    .option('--json', 'print the simulation instead of the table')
    .option('--debug', 'show the stack of an error');
  const repeats = watchRepeats(simulate);
  simulate.action((what: string, flags: Record<string, string | boolean>) =>
    run(async () => {
      const problems = [...forgottenDashes(knownFlags(simulate)), ...repeats()];
      const request = readSimulateRequest(what, rawFlags(flags).values, problems);
      return (await import('./simulate.ts')).runSimulate(request, { json: flags.json === true });
    }),
  );
}

async function benchAction(
  args: readonly string[],
  flags: Record<string, string | boolean | string[]>,
  { known, repeats }: { known: readonly string[]; repeats: readonly string[] },
): Promise<number> {
  const forgotten = forgottenDashes(known);
  const problems = [...forgotten, ...unknownOptions(args, known), ...repeats];
  const file = flags.scenarioFile;
  const own = typeof file === 'string' ? await readScenarioFile(file, scenarios) : undefined;
  const raw = { ...rawFlags(flags), own };
  problems.push(...twiceNamed(flags));
  const targets = await targetsOf(flags);
  const request = collect(problems, () =>
    readRequest(forgotten.length > 0 ? [] : positionals(args, known), raw, process.env, targets),
  );
  return planOrBench(request, flags);
}

/** Somebody's own servers, as files describe them. */
async function targetsOf(flags: Record<string, string | boolean | string[]>): Promise<ForeignTarget[]> {
  const listOf = (list: string | boolean | string[] | undefined) => (Array.isArray(list) ? list : []);
  const [files, allowedHosts] = [listOf(flags.targetFile), listOf(flags.allowHost)];
  return files.length === 0 ? [] : (await import('../targets/target-file.ts')).readTargetFiles(files, { allowedHosts });
}

/** The servers of a gate by URL, which one file describes; `null` where versions are started, or something is wrong with them. */
async function gateTargetsOf({ allowHost = [], ...flags }: GateFlags): Promise<GateTargets | null> {
  const { baseline = '', candidate = '', targetFile } = flags;
  if (targetFile === undefined || versionProblems(flags).length > 0) return null;
  const { readTargetFiles } = await import('../targets/target-file.ts');
  const read = (url: string) => readTargetFiles([targetFile], { allowedHosts: allowHost, url });
  const [[before], [after]] = await Promise.all([read(baseline), read(candidate)]);
  return before === undefined || after === undefined ? null : { baseline: before, candidate: after };
}

function gather(value: string, all: readonly string[]): string[] {
  return [...all, value];
}

async function planOrBench(request: BenchRequest, flags: Record<string, string | boolean | string[]>): Promise<number> {
  const { describePlan, ensureCapacity, runBench } = await import('./bench.ts');
  if (flags.dryRun === true) {
    process.stdout.write(`${describePlan(request)}\n`);
    if (request.crew === null) await ensureCapacity(request.trials);
    return 0;
  }
  return runBench(request, { json: flags.json === true, commandLine: spellCommand(process.argv.slice(2)) });
}

function twiceNamed(flags: Record<string, string | boolean | string[]>): string[] {
  return flags.contenders !== undefined && flags.transports !== undefined
    ? ['--contenders and --transports are given; expected one of them, they are the same']
    : [];
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new FreshetError('input', problems);
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
  refuse(found);
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
    require: Array.isArray(flags.require) ? flags.require : [],
    threshold: Array.isArray(flags.threshold) ? flags.threshold : [],
    quick: flags.quick === true,
  };
}
