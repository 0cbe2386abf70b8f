// Clock readings through Redis, the only place that agents and coordinator both reach: an agent asks, the coordinator answers with when
// it heard the question and when it answered. By pub/sub, which keeps nothing behind.
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { machineUs, nowUs } from '../contract/clock.ts';
import { within } from '../services/deadline.ts';
import { type OffsetReading, type RoundTrip, readOffset } from './clock-offset.ts';

/** How long a reading may take. */
interface ReadingLimits {
  /** After so many round trips the tightest is about as tight as it gets. */
  readonly trips: number;
  /** Where the way is long there are fewer. */
  readonly withinMs: number;
}

const usualLimits: ReadingLimits = { trips: 100, withinMs: 1_000 };

function questionsOf(run: string): string {
  return `freshet:${run}:clock`;
}

const question = z.object({ agent: z.string(), turn: z.number() });
/** By the coordinator's clock, µs. */
const answer = z.object({ turn: z.number(), heardUs: z.number(), answeredUs: z.number() });

type Answer = z.infer<typeof answer>;

/** The coordinator's side: answers every agent of a run, until it is closed. */
export class CoordinatorClock {
  readonly #asked: Redis;

  private constructor(asked: Redis) {
    this.#asked = asked;
  }

  /** Listens on a connection of its own, made as `redis` was. Rejects with the connection's own error. */
  static async open(redis: Redis, run: string): Promise<CoordinatorClock> {
    const channel = questionsOf(run);
    const asked = await subscribe(redis, channel, (text) => {
      const heardUs = nowUs();
      const asked = parse(question, text);
      if (asked === null) return;
      const told: Answer = { turn: asked.turn, heardUs, answeredUs: nowUs() };
      // An answer that is lost is a round trip that does not count.
      redis.publish(`${channel}:${asked.agent}`, JSON.stringify(told)).catch(() => {});
    });
    return new CoordinatorClock(asked);
  }

  close(): void {
    this.#asked.disconnect();
  }
}

/** An agent's side. */
export class ClockExchange {
  readonly #redis: Redis;
  readonly #answered: Redis;
  readonly #channel: string;
  readonly #agent: string;
  readonly #clockUs: () => number;
  #turn = 0;
  #onAnswer: (answer: Answer, backUs: number) => void = () => {};

  private constructor(options: { redis: Redis; run: string; agent: string; clockUs: () => number }, answered: Redis) {
    this.#redis = options.redis;
    this.#channel = questionsOf(options.run);
    this.#agent = options.agent;
    this.#clockUs = options.clockUs;
    this.#answered = answered;
  }

  /** `agent` tells it from the others of the run. Rejects with the connection's own error. */
  static async open(options: {
    redis: Redis;
    run: string;
    agent: string;
    clockUs?: () => number;
  }): Promise<ClockExchange> {
    const { clockUs = machineUs } = options;
    let hear = (_text: string, _backUs: number) => {};
    const channel = `${questionsOf(options.run)}:${options.agent}`;
    const answered = await subscribe(options.redis, channel, (text) => hear(text, clockUs()));
    const exchange = new ClockExchange({ ...options, clockUs }, answered);
    hear = (text, backUs) => {
      const told = parse(answer, text);
      if (told !== null) exchange.#onAnswer(told, backUs);
    };
    return exchange;
  }

  /** One reading; `null` when the coordinator answered nothing in time. */
  async read({ trips: most, withinMs } = usualLimits): Promise<OffsetReading | null> {
    const trips: RoundTrip[] = [];
    const limitUs = this.#clockUs() + withinMs * 1_000;
    for (let leftUs = withinMs * 1_000; trips.length < most && leftUs > 0; leftUs = limitUs - this.#clockUs()) {
      // One that is lost must not take the time of all others.
      const trip = await within(this.#ask(), Math.min(leftUs, (withinMs * 1_000) / 2) / 1_000);
      if (trip !== null) trips.push(trip);
    }
    return readOffset(trips);
  }

  close(): void {
    this.#answered.disconnect();
  }

  #ask(): Promise<RoundTrip | null> {
    return new Promise((resolve) => {
      this.#turn += 1;
      const asked = this.#turn;
      const text = JSON.stringify({ agent: this.#agent, turn: asked } satisfies z.infer<typeof question>);
      const sentUs = this.#clockUs();
      this.#onAnswer = ({ turn, heardUs, answeredUs }, backUs) => {
        // One to an earlier question came too late.
        if (turn === asked) resolve({ sentUs, heardUs, answeredUs, backUs });
      };
      this.#redis.publish(this.#channel, text).catch(() => resolve(null));
    });
  }
}

/** What is no such message is somebody else's. */
function parse<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** A connection of its own that hears one channel. */
async function subscribe(redis: Redis, channel: string, onText: (text: string) => void): Promise<Redis> {
  const own = redis.duplicate({ lazyConnect: true });
  // ioredis connects again by itself, and tells of every attempt that failed.
  own.on('error', () => {});
  own.on('message', (_channel: string, text: string) => onText(text));
  try {
    await own.connect();
    await own.subscribe(channel);
  } catch (error) {
    own.disconnect();
    throw error;
  }
  return own;
}
