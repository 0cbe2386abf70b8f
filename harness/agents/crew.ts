// The agents of a run: found, claimed, kept by heartbeats, and given shards. In: how many are wanted, and where they meet.
import { randomBytes } from 'node:crypto';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { isLoopback } from '../contract/loopback.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { within } from '../services/deadline.ts';
import type { Executor, RunningShards, Seat } from '../swarm/executor.ts';
import type { ShardPlan } from '../swarm/shard-contract.ts';
import { CoordinatorClock } from './clock-exchange.ts';
import { capacityOnAgents } from './fitting.ts';
import { Hand } from './hand.ts';
import { beatMs, lifeMs, type Meeting } from './meeting.ts';
import { type AgentCard, claimAgent, type KnownAgent, listAgents, renewClaim } from './registry.ts';
import { startRemotely } from './remote-shards.ts';
import { Silence } from './silence.ts';

const patienceUs = 30_000_000;
const lookEveryUs = 250_000;
/** Commands go through Redis, to machines that may be far. */
const leadUs = 500_000;
const closingMs = 3_000;

export interface CrewOptions {
  readonly meeting: Meeting;
  readonly count: number;
  /** Of our own code, which theirs must be. */
  readonly version: string;
  /** Where the servers will be; on loopback only agents of this machine reach them. */
  readonly serveHost: string;
  readonly host: string;
  readonly signal: AbortSignal;
  /** How long agents may take to be there; 30 s by default. */
  readonly patienceUs?: number;
  /** Told what is waited for, and whom the run does without. */
  readonly say: (line: string) => void;
}

export class Crew implements Executor {
  readonly leadUs = leadUs;
  /** Resolves when Redis does not answer any more. */
  readonly lost: Promise<FreshetError>;
  readonly #options: CrewOptions;
  readonly #run = randomBytes(6).toString('hex');
  readonly #hands: Hand[] = [];
  readonly #silence = new Silence();
  /** Rejects when Redis does not answer any more, or the run is to end. */
  readonly #ending: Promise<never>;
  #trials = 0;
  #timer: NodeJS.Timeout | null = null;
  #clock: CoordinatorClock | null = null;
  #onLost: (error: FreshetError) => void = () => {};

  private constructor(options: CrewOptions) {
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#onLost = resolve;
    });
    const { signal } = options;
    this.#ending = new Promise((_, reject) => {
      void this.lost.then(reject);
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    this.#ending.catch(() => {}); // Nothing may be under way.
  }

  /** Waits until so many agents are there and free, for 30 s at most. Throws `environment` with what is wrong with the others. */
  static async gather(options: CrewOptions): Promise<Crew> {
    const crew = new Crew(options);
    crew.#timer = setInterval(() => {
      // A command to a Redis that is away waits for it, so that it fails cannot be waited for.
      crew.#checkBeats();
      void crew.#beat().catch(() => {});
    }, beatMs);
    try {
      crew.#clock = await crew.#unlessEnding(CoordinatorClock.open(options.meeting.client, crew.#run));
      await crew.#gather();
    } catch (error) {
      await crew.close();
      throw error;
    }
    return crew;
  }

  async seats(plan: TrialPlan): Promise<readonly Seat[]> {
    await this.#unlessEnding(this.#fillUp());
    const { count, say } = this.#options;
    const living = this.#living;
    if (living.length < count) say(`${living.length} of ${count} agents are there; the clients are dealt to these`);
    const seats = living.map(({ card }) => seatOf(card, living));
    const problems = capacityOnAgents(plan, seats);
    if (problems.length > 0) throw new FreshetError('environment', problems);
    return seats;
  }

  start(plans: readonly ShardPlan[]): Promise<RunningShards> {
    this.#trials += 1;
    return startRemotely(plans, {
      hands: this.#living,
      client: this.#options.meeting.client,
      run: this.#run,
      trial: `${this.#run}-${this.#trials}`,
      lost: this.lost,
    });
  }

  /** Lets all agents go; nothing of the run stays in a Redis that answers within 3 s. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#clock?.close();
    await within(Promise.allSettled(this.#hands.map((hand) => hand.close())), closingMs);
  }

  get #living(): readonly Hand[] {
    return this.#hands.filter(({ lostBy }) => lostBy === null);
  }

  async #gather(): Promise<void> {
    const { count, say } = this.#options;
    const untilUs = nowUs() + (this.#options.patienceUs ?? patienceUs);
    let told = -1;
    const named = new Set<string>();
    for (;;) {
      const known = await this.#unlessEnding(this.#fillUp());
      const there = this.#living.length;
      if (there >= count) {
        say(`agents: ${this.#living.map(({ card }) => card.name).join(', ')}`);
        return;
      }
      const problems = known.flatMap((agent) => this.#unfitBecause(agent) ?? []);
      if (nowUs() > untilUs)
        throw new FreshetError('environment', [
          `${there} of ${count} agents can be used; expected ${count} that are free and of this version; start them with: npm run agent -- --redis …`,
          ...problems,
        ]);
      if (told !== there) say(`waiting for agents: ${there} of ${count} are there`);
      told = there;
      // Others may come that will do: whoever waits is told at once why these will not.
      for (const problem of problems) if (!named.has(problem)) say(problem);
      for (const problem of problems) named.add(problem);
      await this.#unlessEnding(sleepUs(lookEveryUs));
    }
  }

  /** A command to a Redis that is away waits for it: the run need not. */
  #unlessEnding<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#ending]);
  }

  /** Lets go of those who leave, and claims those who are there, fit and are free, up to the number that is wanted. Returns everyone who is known. */
  async #fillUp(): Promise<readonly KnownAgent[]> {
    const { meeting, count } = this.#options;
    const known = await listAgents(meeting.client);
    for (const hand of this.#living) {
      const agent = known.find(({ id }) => id === hand.card.id);
      if (agent === undefined || agent.card?.isLeaving === true) hand.lose('has left');
    }
    for (const agent of known) {
      if (this.#living.length >= count) break;
      // One that was lost stays lost for this run: its machine, or its way to the servers, is not what it should be.
      if (this.#hands.some(({ card }) => card.id === agent.id)) continue;
      if (agent.card === null || agent.claimedBy !== null || this.#unfitBecause(agent) !== null) continue;
      if (agent.card.isLeaving || !(await claimAgent(meeting.client, agent.id, this.#run))) continue;
      this.#hands.push(await Hand.open(agent.card, meeting, this.#run));
    }
    return known;
  }

  /** Why this one will not do; `null` where it would, at least when it is free. */
  #unfitBecause({ name, host, version, card, claimedBy }: KnownAgent): string | null {
    const { version: own, serveHost, host: ownHost } = this.#options;
    if (claimedBy === this.#run) return null;
    if (version !== own || card === null)
      return `agent ${name} (${host}) is Freshet ${version}; expected ${own}, as the run; start it from the same code`;
    if (isLoopback(serveHost) && host !== ownHost)
      return `agent ${name} is on ${host}, and the servers listen on loopback of ${ownHost}; expected --serve-as HOST, by which ${host} reaches them`;
    if (!isLoopback(serveHost) && !card.allows.includes(serveHost))
      // A name that it allows may come to mean this address.
      return `agent ${name} (${host}) puts no load on ${serveHost}; expected it to be started with --allow-host ${serveHost}`;
    return null;
  }

  async #beat(): Promise<void> {
    const { meeting } = this.#options;
    const known = await listAgents(meeting.client);
    this.#silence.restart();
    for (const hand of this.#living) {
      const { id } = hand.card;
      if (!known.some((agent) => agent.id === id)) hand.lose(`was not heard of for ${lifeMs / 1_000} s`);
      else if (!(await renewClaim(meeting.client, id, this.#run))) hand.lose('works for another run');
      hand.check();
    }
  }

  #checkBeats(): void {
    if (this.#silence.look() < lifeMs * 1_000) return;
    this.#onLost(
      new FreshetError(
        'environment',
        'the Redis of the agents does not answer any more; expected it to live as long as the run',
      ),
    );
  }
}

/** Agents of one machine share what it can carry. */
function seatOf(card: AgentCard, hands: readonly Hand[]): Seat {
  const { name, host, version, limits, carries } = card;
  const sharers = hands.filter((other) => other.card.host === host).length;
  return { agent: { name, version }, host, limits, carries: Math.max(1, Math.floor(carries / sharers)) };
}
