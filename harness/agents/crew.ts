// The agents of a run: found, claimed, kept by heartbeats, and given shards. In: how many are wanted, and where they meet.
import { randomBytes } from 'node:crypto';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError, messageOf } from '../contract/errors.ts';
import { isLoopback } from '../contract/loopback.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Executor, RunningShards, Seat } from '../swarm/executor.ts';
import type { ShardPlan } from '../swarm/shard-contract.ts';
import { CoordinatorClock } from './clock-exchange.ts';
import { capacityOnAgents } from './fitting.ts';
import { Hand } from './hand.ts';
import { beatMs, lifeMs, type Meeting } from './meeting.ts';
import { type AgentCard, claimAgent, type KnownAgent, listAgents, releaseClaim, renewClaim } from './registry.ts';
import { startRemotely } from './remote-shards.ts';

const patienceUs = 30_000_000;
const lookEveryUs = 250_000;
/** Commands go through Redis, to machines that may be far. */
const leadUs = 500_000;

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
  #trials = 0;
  #lastBeatUs = nowUs();
  #timer: NodeJS.Timeout | null = null;
  #clock: CoordinatorClock | null = null;
  #onLost: (error: FreshetError) => void = () => {};

  private constructor(options: CrewOptions) {
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#onLost = resolve;
    });
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
      crew.#clock = await CoordinatorClock.open(options.meeting.client, crew.#run);
      await crew.#gather();
    } catch (error) {
      await crew.close();
      throw error;
    }
    return crew;
  }

  async seats(plan: TrialPlan): Promise<readonly Seat[]> {
    await this.#fillUp();
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

  /** Lets all agents go; nothing of the run stays in Redis. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#clock?.close();
    await Promise.allSettled(this.#hands.map((hand) => this.#letGo(hand)));
  }

  get #living(): readonly Hand[] {
    return this.#hands.filter(({ lostBy }) => lostBy === null);
  }

  async #gather(): Promise<void> {
    const { count, say, signal } = this.#options;
    const untilUs = nowUs() + (this.#options.patienceUs ?? patienceUs);
    let told = -1;
    for (;;) {
      signal.throwIfAborted();
      const known = await this.#fillUp();
      const there = this.#living.length;
      if (there >= count) {
        say(`agents: ${this.#living.map(({ card }) => card.name).join(', ')}`);
        return;
      }
      const unfit = known.flatMap((agent) => this.#unfitBecause(agent) ?? []);
      const problems = unfit.map(({ because }) => because);
      // Whoever is wanted is there, but cannot be used: waiting would not help.
      const isHopeless = there + unfit.filter(({ forGood }) => forGood).length >= count;
      if (nowUs() > untilUs || isHopeless)
        throw new FreshetError('environment', [
          `${there} of ${count} agents can be used; expected ${count} that are free and of this version; start them with: npm run agent -- --redis …`,
          ...problems,
        ]);
      if (told !== there) say(`waiting for agents: ${there} of ${count} are there`);
      told = there;
      await sleepUs(lookEveryUs);
    }
  }

  /** Claims those who are there, fit and are free, up to the number that is wanted. Returns everyone who is known. */
  async #fillUp(): Promise<readonly KnownAgent[]> {
    const { meeting, count } = this.#options;
    const known = await listAgents(meeting.client);
    for (const agent of known) {
      if (this.#living.length >= count) break;
      // One that was lost stays lost for this run: its machine, or its way to the servers, is not what it should be.
      if (this.#hands.some(({ card }) => card.id === agent.id)) continue;
      if (agent.card === null || agent.claimedBy !== null || this.#unfitBecause(agent) !== null) continue;
      if (agent.card.isLeaving || !(await claimAgent(meeting.client, agent.id, this.#run))) continue;
      this.#hands.push(await Hand.open(agent.card, meeting));
    }
    return known;
  }

  /** Why this one will not do, now or ever; `null` where it would, at least when it is free. */
  #unfitBecause({ name, host, version, card, claimedBy }: KnownAgent): Unfit | null {
    const { version: own, serveHost, host: ownHost } = this.#options;
    if (claimedBy === this.#run) return null;
    if (version !== own || card === null)
      return forGood(
        `agent ${name} (${host}) is Freshet ${version}; expected ${own}, as the run; start it from the same code`,
      );
    if (isLoopback(serveHost) && host !== ownHost)
      return forGood(
        `agent ${name} is on ${host}, and the servers listen on loopback of ${ownHost}; expected --serve-as HOST, by which ${host} reaches them`,
      );
    if (!isLoopback(serveHost) && !card.allows.includes(serveHost))
      // A name that it allows may come to mean this address.
      return {
        because: `agent ${name} (${host}) puts no load on ${serveHost}; expected it to be started with --allow-host ${serveHost}`,
        forGood: false,
      };
    return null;
  }

  async #beat(): Promise<void> {
    const { meeting } = this.#options;
    const known = await listAgents(meeting.client);
    this.#lastBeatUs = nowUs();
    for (const hand of this.#living) {
      const { id } = hand.card;
      if (!known.some((agent) => agent.id === id)) hand.lose(`was not heard of for ${lifeMs / 1_000} s`);
      else if (!(await renewClaim(meeting.client, id, this.#run))) hand.lose('works for another run');
      hand.check();
      if (hand.lostBy !== null) await releaseClaim(meeting.client, id, this.#run);
    }
  }

  #checkBeats(): void {
    if (nowUs() - this.#lastBeatUs < lifeMs * 1_000) return;
    this.#onLost(
      new FreshetError(
        'environment',
        'the Redis of the agents does not answer any more; expected it to live as long as the run',
      ),
    );
  }

  async #letGo(hand: Hand): Promise<void> {
    const { client } = this.#options.meeting;
    await hand.close();
    await releaseClaim(client, hand.card.id, this.#run).catch((error) => this.#options.say(messageOf(error)));
  }
}

interface Unfit {
  readonly because: string;
  readonly forGood: boolean;
}

function forGood(because: string): Unfit {
  return { because, forGood: true };
}

/** Agents of one machine share what it can carry. */
function seatOf(card: AgentCard, hands: readonly Hand[]): Seat {
  const { name, host, version, limits, carries } = card;
  const sharers = hands.filter((other) => other.card.host === host).length;
  return { agent: { name, version }, host, limits, carries: Math.max(1, Math.floor(carries / sharers)) };
}
