// Agents and runs as processes, as their users start them, on one Postgres and one Redis. Whatever is left is ended with the rig.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Meeting, openMeeting } from '../../harness/agents/meeting.ts';
import { listAgents } from '../../harness/agents/registry.ts';
import { sleepUs } from '../../harness/contract/clock.ts';
import { settleAll } from '../../harness/services/deadline.ts';
import { type Guard, openGuard } from '../../harness/services/guard.ts';
import { startPostgres } from '../../harness/services/postgres.ts';
import { startRedis } from '../../harness/services/redis.ts';
import type { Service } from '../../harness/services/service.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lookEveryUs = 100_000;

export interface Process {
  readonly child: ChildProcess;
  readonly pid: number;
  /** All that it said on stderr so far. */
  readonly said: () => string;
  /** Resolves when it has said this; rejects when it has ended without. */
  says(text: string): Promise<void>;
  /** Resolves with its exit code, `null` where a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Where an agent is, if not beside the run. */
interface Surroundings {
  /** Words before its command. */
  readonly within?: readonly string[];
  /** By which it reaches the rig's Redis. */
  readonly redisUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Run extends Process {
  /** The text of its run.json; throws when there is none. */
  record(): string;
}

export class AgentRig {
  readonly redisUrl: string;
  readonly meeting: Meeting;
  readonly guard: Guard;
  readonly postgres: Service;
  /** Where agents and runs meet. */
  readonly redis: Service;
  readonly #agents = new Map<string, Process>();
  #runs = 0;

  private constructor(guard: Guard, services: { redis: Service; postgres: Service }, meeting: Meeting) {
    this.guard = guard;
    this.redisUrl = services.redis.url;
    this.postgres = services.postgres;
    this.redis = services.redis;
    this.meeting = meeting;
  }

  static async open(): Promise<AgentRig> {
    const guard = await openGuard();
    const [postgres, redis] = await settleAll([startPostgres({ guard }), startRedis({ guard })]);
    const meeting = await openMeeting({ url: redis.url, caFile: null });
    return new AgentRig(guard, { redis, postgres }, meeting);
  }

  /** Starts an agent; it is there some time later. */
  startAgent(
    name: string,
    args: readonly string[] = [],
    { within = [], redisUrl = this.redisUrl, env = {} }: Surroundings = {},
  ): Process {
    const agent = this.#start(['agent', '--name', name, ...args], { ...env, REDIS_URL: redisUrl }, within);
    this.#agents.set(name, agent);
    return agent;
  }

  get agents(): readonly Process[] {
    return [...this.#agents.values()];
  }

  agent(name: string): Process {
    const agent = this.#agents.get(name);
    if (agent === undefined) throw new Error(`no agent ${name} was started`);
    return agent;
  }

  /** Resolves when so many agents are there and free. */
  async untilFree(count: number): Promise<void> {
    for (;;) {
      const free = (await listAgents(this.meeting.client)).filter(({ claimedBy }) => claimedBy === null);
      if (free.length >= count) return;
      await sleepUs(lookEveryUs);
    }
  }

  /** Starts `bench` on the rig's Postgres. */
  bench(args: readonly string[]): Run {
    this.#runs += 1;
    const out = join(this.guard.directory, `results-${this.#runs}`);
    const run = this.#start(['bench', ...args, '--postgres', this.postgres.url, '--out', out]);
    return {
      ...run,
      record: () => {
        const [directory = ''] = readdirSync(out).filter((name) => name !== 'latest');
        return readFileSync(join(out, directory, 'run.json'), 'utf8');
      },
    };
  }

  async close(): Promise<void> {
    for (const { child } of this.#agents.values()) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
    this.meeting.close();
    await this.guard.close();
  }

  #start(args: readonly string[], env: Readonly<Record<string, string>> = {}, within: readonly string[] = []): Process {
    const { REDIS_URL: _redis, DATABASE_URL: _database, ...inherited } = process.env;
    const words = [...within, process.execPath, '--import', 'tsx', 'harness/cli.ts', ...args];
    const [command = '', ...rest] = words;
    const child = spawn(command, rest, {
      cwd: root,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (child.pid !== undefined) this.guard.adopt(child.pid);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const says = async (text: string) => {
      while (!said.includes(text)) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it never said '${text}': ${said}`);
        await sleepUs(lookEveryUs);
      }
    };
    return { child, pid: child.pid ?? 0, said: () => said, says, ended };
  }
}
