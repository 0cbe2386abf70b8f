// Somebody's own server as a child of ours, started as its file says: perhaps a shell, or npm, with the server itself behind it.
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import type { Address, SystemProcesses } from '../contract/target.ts';
import { type Child, describeExit, lastWords, startChild } from '../services/child.ts';
import type { Guard } from '../services/guard.ts';
import { familyOf, isRunning } from '../services/processes.ts';
import type { TargetDefinition } from './define-target.ts';
import { listens, untilGone, untilListens } from './listening.ts';
import type { RunningSystem, ServerProcess } from './system.ts';

export interface ForeignServersOptions {
  readonly guard: Guard;
  readonly definition: TargetDefinition;
  /** How errors call it: the file's name. */
  readonly name: string;
  /** Where its commands run. */
  readonly directory: string;
  readonly address: Address;
}

export function processesOf(servers: readonly ServerProcess[]): SystemProcesses {
  return { servers: servers.map(({ pid }) => pid), areFamilies: true, relay: [], redis: [], postgres: [] };
}

/** A child of ours, as its file starts it. */
export class StartedServer implements RunningSystem {
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
    await Promise.all(
      this.servers.map(async (child) => {
        const [, ...started] = familyOf(child.pid);
        await child.stop(graceMs, signal);
        // A shell or npm may be gone before what it started.
        await endGroup(child.pid, started);
      }),
    );
    // The last threads of a process hold its socket a moment longer than its pid says, and who is restarted would be found listening.
    await untilGone(this.#options.address, sleepUs(groupGraceUs));
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

  async freeze(): Promise<void> {
    this.#signalAll('SIGSTOP');
  }

  async thaw(): Promise<void> {
    this.#signalAll('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.endServers('SIGTERM', 2_000);
  }

  #signalAll(signal: NodeJS.Signals): void {
    for (const { name, pid } of this.servers)
      if (!signalGroup(pid, signal))
        throw new FreshetError('environment', `${name} was to be sent ${signal} but is gone`);
  }

  #watch(child: Child): void {
    void child.exited.then(() => {
      if (!this.#asked.has(child)) this.#tellDeath(child);
    });
  }
}

async function spawnServer({ guard, definition, name, directory, address }: ForeignServersOptions): Promise<Child> {
  const child = await startChild({
    guard,
    name: `the server of ${name}`,
    command: 'sh',
    args: ['-c', definition.run ?? ''],
    cwd: directory,
  });
  const exit = await Promise.race([untilListens(address, definition.url), child.exited]);
  if (exit === undefined) return child;
  const said = lastWords(child);
  throw new FreshetError(
    'environment',
    `the server of ${name} ended before it listened (${describeExit(exit)})${said === '' ? '' : `: ${said}`}; expected its run to serve ${definition.url}`,
  );
}

const groupGraceUs = 2_000_000;
const lookEveryUs = 20_000;

/** Ends what a child has left of its group, by force after 2 s. */
async function endGroup(leader: number, left: readonly number[]): Promise<void> {
  if (!signalGroup(leader, 'SIGTERM')) return;
  const untilUs = nowUs() + groupGraceUs;
  while (left.some(isRunning) && nowUs() < untilUs) await sleepUs(lookEveryUs);
  signalGroup(leader, 'SIGKILL');
}

/** False when nobody is left in it. */
function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}
