// Somebody's own server as it runs: a child of ours where its file says how to start it, else one that is there already and is hurt, if
// at all, by commands.
import { sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import type { SystemProcesses } from '../contract/target.ts';
import { isRunning } from '../services/processes.ts';
import { listens, untilGone, untilListens } from './listening.ts';
import { type ForeignServersOptions, processesOf, StartedServer } from './started-server.ts';
import type { RunningSystem, ServerProcess } from './system.ts';
import { runTargetCommand } from './target-command.ts';

const goneWithinUs = 2_000_000;

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

/** It was there before and will be afterwards. */
class StandingServer implements RunningSystem {
  servers: readonly ServerProcess[] = [];
  readonly hasRelay = false;
  readonly services = [];
  readonly died = never;
  readonly startedInUs = 0;
  readonly #options: ForeignServersOptions;
  /** What ends it and brings it back in one, under way. */
  #restart: Promise<unknown> | null = null;
  /** Aborted when the server is back: a command that is not over may be the server then. */
  #awaiting = new AbortController();

  constructor(options: ForeignServersOptions, pid: number | null) {
    this.#options = options;
    this.#knowPid(pid);
  }

  get processes(): SystemProcesses {
    return processesOf(this.servers);
  }

  async endServers(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { faults = {} } = this.#options.definition;
    const end = signal === 'SIGKILL' ? (faults.kill ?? faults.drain) : (faults.drain ?? faults.kill);
    if (end !== undefined) {
      await this.#run(signal === 'SIGKILL' ? 'kill' : 'drain', end);
      // A killed process listens a moment longer than its command takes; a proxy before it may go on for ever.
      await untilGone(this.#options.address, sleepUs(goneWithinUs));
    } else this.#restart = this.#run('restart', faults.restart);
    // Waited for when it is to be back.
    this.#restart?.catch(() => {});
  }

  async restartServers(): Promise<void> {
    const { definition, address } = this.#options;
    const isGone = this.#restart === null ? Promise.resolve() : untilGone(address, this.#restart);
    const command = this.#restart ?? this.#run('start', definition.faults?.start);
    const isBack = isGone.then(() => untilListens(address, definition.url));
    // It is back when it listens, be the command over or the server itself; one that failed brings nothing back.
    await Promise.race([isBack, command.then(() => isBack)]);
    this.#awaiting.abort();
    this.#awaiting = new AbortController();
    this.#restart = null;
    // The moment of the return is now, not when its pid is known; of one that is never known, figures are missing.
    this.servers = [];
    void readPid(this.#options).then(
      (pid) => this.#knowPid(pid),
      () => this.#knowPid(null),
    );
  }

  #knowPid(pid: number | null): void {
    this.servers = pid === null ? [] : [{ name: this.#options.name, pid }];
  }

  endServer(_node: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    return this.endServers(signal);
  }

  restartServer(): Promise<void> {
    return this.restartServers();
  }

  get restartsByCommand(): boolean {
    const { faults = {} } = this.#options.definition;
    return (faults.kill ?? faults.drain) === undefined && faults.restart !== undefined;
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

  #run(fault: string, command: string | undefined): Promise<unknown> {
    const { name, directory, guard } = this.#options;
    const { signal: unawaited } = this.#awaiting;
    return runTargetCommand({ what: `faults.${fault} of ${name}`, command, directory, guard, unawaited });
  }
}

async function readPid({ definition, name, directory, guard }: ForeignServersOptions): Promise<number | null> {
  const { pid } = definition;
  if (pid === undefined) return null;
  const what = `pid of ${name}`;
  const said = typeof pid === 'number' ? String(pid) : await runTargetCommand({ what, command: pid, directory, guard });
  const found = Number(said);
  const says = typeof pid === 'number' ? 'is' : 'printed';
  if (!Number.isInteger(found) || found <= 0)
    throw new FreshetError('environment', `${what} ${says} '${said.slice(0, 80)}'; expected a process id`);
  if (!isRunning(found))
    throw new FreshetError('environment', `${what} ${says} ${found}; expected a process that runs on this machine`);
  return found;
}
