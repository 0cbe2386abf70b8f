// Closed loop on one endpoint: each connection asks again as soon as it is answered. Ours drives the polling clients' own lane and reader.
import autocannon from 'autocannon';
import { nowUs, sleepUs } from '../../harness/contract/clock.ts';
import { createHistogram, recordUs } from '../../harness/contract/histogram.ts';
import type { Decoded } from '../../harness/contract/target.ts';
import { HttpLane, type LaneOwner } from '../../harness/swarm/http-lane.ts';
import type { ResponseHead } from '../../harness/swarm/readers/http-response-reader.ts';
import { addressOf, Requests } from '../../harness/swarm/requests.ts';
import { Scheduler } from '../../harness/swarm/scheduler.ts';
import type { EndReason, SessionContext } from '../../harness/swarm/session.ts';
import { referenceTarget } from '../../harness/targets/reference.ts';
import { paths } from '../../servers/protocol.ts';
import type { LoopJob } from './contract.ts';

interface Looped {
  readonly count: number;
  readonly medianUs: number | null;
}

/** Runs it to its end. Rejects when an answer is none. */
export function runLoop(job: LoopJob): Promise<Looped> {
  return job.client === 'freshet' ? runLanes(job) : runAutocannon(job);
}

async function runAutocannon({ target, connections, durationUs }: LoopJob): Promise<Looped> {
  const { host, port } = addressOf(referenceTarget(target), 0);
  const result = await autocannon({
    url: `http://${host}:${port}${paths.dashboard}?audience=0`,
    connections,
    pipelining: 1,
    duration: durationUs / 1e6,
  });
  if (result.errors > 0 || result.non2xx > 0)
    throw new Error(`autocannon: ${result.errors} errors, ${result.non2xx} not 2xx`);
  return { count: result['2xx'], medianUs: result.latency.p50 * 1000 };
}

async function runLanes(job: LoopJob): Promise<Looped> {
  const loop = new Loop(contextOf(job));
  await loop.run(job.connections, job.durationUs);
  return { count: loop.histogram.totalCount, medianUs: loop.histogram.getValueAtPercentile(50) };
}

function contextOf({ target: plan }: LoopJob): SessionContext {
  const target = referenceTarget(plan);
  const neverUs = 3_600_000_000;
  return {
    target,
    scheduler: new Scheduler(),
    requests: new Requests(target),
    traffic: { bytesIn: 0, bytesOut: 0, payloadIn: 0, payloadOut: 0 },
    connectTimeoutUs: neverUs,
    requestTimeoutUs: neverUs,
    localPorts: null,
    tls: null,
    pollIntervalUs: neverUs,
    late: 'skip',
    random: Math.random,
  };
}

const decoded: Decoded = { kind: 'other', version: 0, intendedUs: 0 };
const place = { rank: 0, audience: 0, held: null };

class Loop implements LaneOwner {
  readonly histogram = createHistogram();
  readonly #context: SessionContext;
  #isOver = false;
  #failure: EndReason | null = null;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  async run(connections: number, durationUs: number): Promise<void> {
    const address = addressOf(this.#context.target, 0);
    const lanes = Array.from({ length: connections }, () => new HttpLane(this, address, this.#context));
    for (const lane of lanes) this.#ask(lane);
    await sleepUs(durationUs);
    this.#isOver = true;
    for (const lane of lanes) lane.drop();
    if (this.#failure !== null) throw new Error(`a lane failed: ${JSON.stringify(this.#failure)}`);
  }

  onLaneOpen(): void {
    // The request follows by itself.
  }

  onAnswer(lane: HttpLane, head: ResponseHead, buffer: Buffer, start: number, end: number): void {
    this.#context.target.decode(buffer, start, end, decoded);
    if (head.status !== 200 || decoded.kind !== 'snapshot') {
      this.#failure = { kind: 'protocol', detail: `status ${head.status}, a message of kind ${decoded.kind}` };
      return;
    }
    recordUs(this.histogram, nowUs() - lane.sentUs);
    if (!this.#isOver) this.#ask(lane);
  }

  onLaneFailed(_lane: HttpLane, reason: EndReason): void {
    this.#failure = reason;
  }

  #ask(lane: HttpLane): void {
    lane.send(this.#context.requests.bytes(place), nowUs());
  }
}
