// A reconnect storm, simulated event by event: every client loses its connection at 0, is refused at once while the server is down, and
// comes back through its accept queue. The delays are those of the live clients: same backoff, same seeds. No network, no client CPU.
import { type Backoff, backoffRandom, backoffUs } from '../plan/backoff.ts';
import { connectTimeoutUs } from '../plan/trial-plan.ts';
import { AcceptQueue, type ServerModel } from './accept-queue.ts';
import { EventWheel } from './event-wheel.ts';
import { StepCounts } from './step-counts.ts';

export interface StormModel {
  readonly clients: number;
  readonly backoff: Backoff;
  /** From the cut until the server listens again, whole µs. */
  readonly downUs: number;
  readonly server: ServerModel;
  readonly seed: number;
}

export interface Storm {
  /** Per client, from the moment the server listened again; Infinity for one that never came back. */
  readonly recoveryUs: Float64Array;
  /** Per client. */
  readonly attempts: Uint32Array;
  readonly attempted: StepCounts;
  readonly accepted: StepCounts;
  /** Attempts that failed: refused while the server was down, or timed out. */
  readonly failed: StepCounts;
  readonly gaveUp: number;
  /** SYNs that found the accept queue full. */
  readonly overflows: number;
}

/**
 * When a SYN that was dropped is sent again, after the attempt's first: as Linux does from 6.5 on, four times a second apart, then at
 * intervals that double (net.ipv4.tcp_syn_linear_timeouts = 4). What comes later is beyond the connect time-out.
 */
const synRetriesUs = [1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000, 7_000_000] as const;
/** Who is not back an hour after the server listened is counted as lost. */
export const longestRecoveryUs = 3_600_000_000;

export function simulateStorm(model: StormModel): Storm {
  const storm = new StormSimulation(model);
  storm.run();
  return storm;
}

class StormSimulation implements Storm {
  readonly recoveryUs: Float64Array;
  readonly attempts: Uint32Array;
  readonly attempted = new StepCounts();
  readonly accepted = new StepCounts();
  readonly failed = new StepCounts();
  gaveUp = 0;
  overflows = 0;
  readonly #model: StormModel;
  readonly #wheel: EventWheel;
  readonly #queue: AcceptQueue;
  readonly #delayUs: Float64Array;
  readonly #attemptUs: Float64Array;
  /** SYNs of the present attempt. */
  readonly #syns: Uint8Array;

  constructor(model: StormModel) {
    const { clients } = model;
    this.#model = model;
    this.#wheel = new EventWheel(clients);
    this.#queue = new AcceptQueue(model.server);
    this.recoveryUs = new Float64Array(clients).fill(Number.POSITIVE_INFINITY);
    this.attempts = new Uint32Array(clients);
    this.#delayUs = new Float64Array(clients);
    this.#attemptUs = new Float64Array(clients);
    this.#syns = new Uint8Array(clients);
  }

  run(): void {
    for (let client = 0; client < this.#model.clients; client++) this.#waitFor(client, 0);
    const visit = (client: number, atUs: number) => this.#sendSyn(client, atUs);
    const untilUs = this.#model.downUs + longestRecoveryUs;
    while (this.#wheel.turn(untilUs, visit));
  }

  /** The client's next attempt, unless it gives up. */
  #waitFor(client: number, fromUs: number): void {
    const { backoff, seed } = this.#model;
    const tried = this.attempts[client] as number;
    if (backoff.attempts !== null && tried >= backoff.attempts) {
      this.gaveUp += 1;
      return;
    }
    const delayUs = backoffUs(backoff, tried, backoffRandom(seed, client, tried), this.#delayUs[client] as number);
    this.#delayUs[client] = delayUs;
    this.#wheel.add(client, fromUs + Math.round(delayUs));
  }

  #sendSyn(client: number, atUs: number): void {
    const syns = this.#syns[client] as number;
    if (syns === 0) {
      this.attempts[client] = (this.attempts[client] as number) + 1;
      this.attempted.add(atUs);
      this.#attemptUs[client] = atUs;
      if (atUs < this.#model.downUs) {
        this.#fail(client, atUs);
        return;
      }
    }
    const timeoutUs = (this.#attemptUs[client] as number) + connectTimeoutUs;
    const usableUs = this.#queue.offer(atUs);
    if (usableUs === null) this.#sendAgain(client, syns, timeoutUs);
    else if (usableUs > timeoutUs) this.#fail(client, timeoutUs);
    else {
      this.recoveryUs[client] = usableUs - this.#model.downUs;
      this.accepted.add(usableUs);
    }
  }

  #sendAgain(client: number, syns: number, timeoutUs: number): void {
    this.overflows += 1;
    const retryUs = synRetriesUs[syns];
    if (retryUs === undefined) this.#fail(client, timeoutUs);
    else {
      this.#syns[client] = syns + 1;
      this.#wheel.add(client, (this.#attemptUs[client] as number) + retryUs);
    }
  }

  #fail(client: number, atUs: number): void {
    this.#syns[client] = 0;
    this.failed.add(atUs);
    this.#waitFor(client, atUs);
  }
}
