// Somebody's own server as it runs: a child of ours where its file says how to start it, else one that is there already and is hurt, if
// at all, by commands.
import { execFile } from 'node:child_process';
import net from 'node:net';
import { promisify } from 'node:util';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError, messageOf } from '../contract/errors.ts';
import type { Address, SystemProcesses } from '../contract/target.ts';
import { type Child, describeExit, lastWords, startChild } from '../services/child.ts';
import type { Guard } from '../services/guard.ts';
import type { TargetDefinition } from './define-target.ts';
import type { RunningSystem, ServerProcess } from './system.ts';

export interface ForeignServersOptions {
  readonly guard: Guard;
  readonly definition: TargetDefinition;
  /** How errors call it: the file's name. */
  readonly name: string;
  /** Where `run` runs. */
  readonly directory: string;
  readonly address: Address;
}

const listenLimitUs = 30_000_000;
const probeEveryUs = 20_000;

/** Resolves when it listens. Throws `environment` when it does not. */
export async function startForeignServers(options: ForeignServersOptions): Promise<RunningSystem> {
  const { definition, name, address } = options;
  if (definition.run !== undefined) return StartedServer.start(options);
  if (!(await listens(address)))
    throw new FreshetError(
      'environment',
      `nothing listens at ${definition.url}; expected the server of ${name}; start it first, or say in the file how (run)`,
    );
  return new StandingServer(options, await readPid(options));
}

const never = new Promise<never>(() => {});

function processesOf(servers: readonly ServerProcess[]): SystemProcesses {
  return { servers: servers.map(({ pid }) => pid), relay: [], redis: [], postgres: [] };
}

/** It was there before and will be afterwards. */
class StandingServer implements RunningSystem {
  servers: readonly ServerProcess[];
  readonly hasRelay = false;
  readonly services = [];
  readonly died = never;
  readonly startedInUs = 0;
  readonly #options: ForeignServersOptions;
  /** What ends it and brings it back in one. */
  #restart: Promise<void> | null = null;

  constructor(options: ForeignServersOptions, pid: number | null) {
    this.#options = options;
    this.servers = pid === null ? [] : [{ name: options.name, pid }];
  }

  get processes(): SystemProcesses {
    return processesOf(this.servers);
  }

  async endServers(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { faults = {} } = this.#options.definition;
    const end = signal === 'SIGKILL' ? (faults.kill ?? faults.drain) : (faults.drain ?? faults.kill);
    if (end === undefined) this.#restart = this.#run('restart', faults.restart);
    else await this.#run(signal === 'SIGKILL' ? 'kill' : 'drain', end);
  }

  async restartServers(): Promise<void> {
    const { definition, address } = this.#options;
    await (this.#restart ?? this.#run('start', definition.faults?.start));
    this.#restart = null;
    await untilListens(address, definition.url);
    const pid = await readPid(this.#options);
    this.servers = pid === null ? [] : [{ name: this.#options.name, pid }];
  }

  endServer(_node: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    return this.endServers(signal);
  }

  restartServer(): Promise<void> {
    return this.restartServers();
  }

  /** How a fault that takes its own time comes back: at once, not when the plan says. */
  get isRestarting(): boolean {
    return this.#restart !== null;
  }

  async freeze(): Promise<void> {
    await this.#run('stall', this.#options.definition.faults?.stall);
  }

  async thaw(): Promise<void> {
    await this.#run('resume', this.#options.definition.faults?.resume);
  }

  async stop(): Promise<void> {
    // It is not ours to end.
  }

  async #run(fault: string, command: string | undefined): Promise<void> {
    const { name, directory } = this.#options;
    await runCommand(`faults.${fault} of ${name}`, command, directory);
  }
}

/** A child of ours, as its file starts it. */
class StartedServer implements RunningSystem {
  servers: readonly Child[];
  readonly hasRelay = false;
  readonly services = [];
  readonly died: Promise<Child>;
  readonly startedInUs: number;
  readonly #options: ForeignServersOptions;
  readonly #asked = new Set<Child>();
  #tellDeath: (child: Child) => void = () => {};

  private constructor(options: ForeignServersOptions, child: Child, startedInUs: number) {
    this.#options = options;
    this.startedInUs = startedInUs;
    this.died = new Promise((resolve) => {
      this.#tellDeath = resolve;
    });
    this.servers = [child];
    this.#watch(child);
  }

  static async start(options: ForeignServersOptions): Promise<StartedServer> {
    const { address, definition, name } = options;
    if (await listens(address))
      throw new FreshetError(
        'environment',
        `something listens at ${definition.url} already; expected ${name} to start the server itself; end it, or leave out run`,
      );
    const startUs = nowUs();
    const child = await spawnServer(options);
    return new StartedServer(options, child, nowUs() - startUs);
  }

  get processes(): SystemProcesses {
    return processesOf(this.servers);
  }

  async endServers(signal: 'SIGKILL' | 'SIGTERM', graceMs: number): Promise<void> {
    for (const child of this.servers) this.#asked.add(child);
    await Promise.all(this.servers.map((child) => child.stop(graceMs, signal)));
  }

  async restartServers(): Promise<void> {
    const child = await spawnServer(this.#options);
    this.servers = [child];
    this.#watch(child);
  }

  endServer(_node: number, signal: 'SIGKILL' | 'SIGTERM', graceMs: number): Promise<void> {
    return this.endServers(signal, graceMs);
  }

  restartServer(): Promise<void> {
    return this.restartServers();
  }

  async stop(): Promise<void> {
    await this.endServers('SIGTERM', 2_000);
  }

  #watch(child: Child): void {
    void child.exited.then(() => {
      if (!this.#asked.has(child)) this.#tellDeath(child);
    });
  }
}

async function spawnServer({ guard, definition, name, directory, address }: ForeignServersOptions): Promise<Child> {
  const command = definition.run ?? '';
  const child = await startChild({
    guard,
    name: `the server of ${name}`,
    command: 'sh',
    args: ['-c', `exec ${command}`],
    cwd: directory,
  });
  const exit = await Promise.race([untilListens(address, definition.url), child.exited]);
  if (exit === undefined) return child;
  const said = lastWords(child);
  throw new FreshetError(
    'environment',
    `the server of ${name} ended before it listened (${describeExit(exit)})${said === '' ? '' : `: ${said}`}; expected '${command}' to serve ${definition.url}`,
  );
}

async function readPid({ definition, name, directory }: ForeignServersOptions): Promise<number | null> {
  const { pid } = definition;
  if (typeof pid !== 'string') return pid ?? null;
  const said = await runCommand(`pid of ${name}`, pid, directory);
  const found = Number(said.trim());
  if (Number.isInteger(found) && found > 0) return found;
  throw new FreshetError('environment', `pid of ${name} printed '${said.trim().slice(0, 80)}'; expected a process id`);
}

async function runCommand(what: string, command: string | undefined, directory: string): Promise<string> {
  if (command === undefined) throw new FreshetError('input', `${what} is missing; expected a command`);
  try {
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: directory, timeout: 120_000 });
    return stdout;
  } catch (error) {
    throw new FreshetError('environment', `${what} failed ('${command}'): ${messageOf(error)}`, { cause: error });
  }
}

async function untilListens(address: Address, url: string): Promise<void> {
  const untilUs = nowUs() + listenLimitUs;
  while (!(await listens(address))) {
    if (nowUs() > untilUs)
      throw new FreshetError(
        'environment',
        `nothing listens at ${url} after ${listenLimitUs / 1e6} s; expected a server there`,
      );
    await sleepUs(probeEveryUs);
  }
}

function listens({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: 5_000 });
    const tell = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket
      .once('connect', () => tell(true))
      .once('error', () => tell(false))
      .once('timeout', () => tell(false));
  });
}
