// Fuzzes one transport's server over real sockets, 64 conversations at a time, and judges what became of it.
import { nowUs } from '../../../harness/contract/clock.ts';
import type { Transport } from '../../../harness/contract/record.ts';
import { paths } from '../../../servers/protocol.ts';
import { Dice } from '../dice.ts';
import type { Conversation } from './conversation.ts';
import { type Answers, converse } from './converse.ts';
import { makeFrames } from './frames.ts';
import type { FuzzedSystem, Stock } from './fuzzed-system.ts';
import { makeRequests } from './requests.ts';

export interface ServerReport {
  readonly inputs: number;
  readonly conversations: number;
  readonly durationUs: number;
  readonly counts: ReadonlyMap<string, number>;
  /** At a tenth of the inputs, and at the end. */
  readonly early: Stock | null;
  readonly late: Stock | null;
  readonly healthChecks: number;
  /** What went wrong. */
  readonly faults: readonly string[];
  /** Conversations that were being held when the server ended. */
  readonly suspects: readonly number[];
}

export interface ServerRun {
  readonly seed: number;
  /** The numbers of the conversations to have; `null`: from 0 until they hold so many `inputs`. */
  readonly numbers: readonly number[] | null;
  readonly inputs: number;
}

const lanes = 64;
const conversations: Readonly<Record<Transport, (dice: Dice) => Conversation>> = {
  polling: (dice) => makeRequests({ path: paths.dashboard, goodShare: 0.03 }, dice),
  'long-polling': (dice) => makeRequests({ path: paths.dashboard, goodShare: 0.01 }, dice),
  sse: (dice) => makeRequests({ path: paths.events, goodShare: 0.006 }, dice),
  websocket: makeFrames,
};
/** After garbage collection. The source map of the bundle, read with the first stack, is 22 MB; 100 kept bytes an input would be 90 MB of a million. */
const heapGrowthBytes = 30_000_000;
/** Of what the process got from the kernel; the heap breathes between two collections. */
const rssGrowthBytes = 60_000_000;

export function makeConversation(transport: Transport, seed: number, number: number): Conversation {
  return conversations[transport](new Dice(seed, Object.keys(conversations).indexOf(transport), number));
}

export async function fuzzServer(system: FuzzedSystem, run: ServerRun): Promise<ServerReport> {
  const { transport } = system;
  const startUs = nowUs();
  const answers: Answers = { counts: new Map(), breaches: [], refusedConnections: 0 };
  let next = 0;
  let inputs = 0;
  const inFlight = new Set<number>();
  const lane = async (until: number): Promise<void> => {
    while (inputs < until && system.ended === null) {
      const index = next++;
      const number = run.numbers === null ? index : run.numbers[index];
      if (number === undefined) return;
      const conversation = makeConversation(transport, run.seed, number);
      inputs += conversation.inputs;
      inFlight.add(number);
      await converse(system.port, conversation, answers);
      if (system.ended === null) inFlight.delete(number);
    }
  };
  const talk = (until: number) => Promise.all(Array.from({ length: lanes }, () => lane(until)));
  let [early, late]: [Stock | null, Stock | null] = [null, null];
  const faults: string[] = [];
  try {
    await system.checkClients();
    const statements = await system.statements();
    await talk(Math.ceil(run.inputs / 10));
    if (system.ended === null) early = await system.takeStock();
    await talk(run.inputs);
    if (system.ended === null) {
      late = await system.takeStock();
      await system.checkClients();
      for (const query of await system.statements())
        if (!statements.includes(query)) faults.push(`a statement that no client may cause: ${query}`);
    }
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  if (system.ended !== null) faults.push(`the server ended: ${system.ended}`);
  if (system.stderr !== '') faults.push(`on stderr: ${system.stderr}`);
  if (system.healthFailures.length > 0)
    faults.push(`/healthz failed ${system.healthFailures.length} times: ${system.healthFailures[0]}`);
  if (answers.breaches.length > 0) faults.push(`the server sent a broken frame: ${answers.breaches[0]}`);
  if (early !== null && late !== null) faults.push(...findGrowth(early, late));
  return {
    inputs,
    conversations: next,
    durationUs: nowUs() - startUs,
    counts: answers.counts,
    early,
    late,
    healthChecks: system.healthChecks,
    faults,
    suspects: [...inFlight].sort((a, b) => a - b),
  };
}

function findGrowth(early: Stock, late: Stock): string[] {
  const faults: string[] = [];
  const compare = (what: keyof Stock, most: number) => {
    if (late[what] > most) faults.push(`${what} grew from ${early[what]} to ${late[what]}; expected at most ${most}`);
  };
  compare('heapBytes', early.heapBytes + heapGrowthBytes);
  compare('rssBytes', early.rssBytes + rssGrowthBytes);
  // Ten pooled connections to Postgres are made as they are needed; those of /healthz and of the reading come and go.
  compare('descriptors', early.descriptors + 12);
  // The one client that stays.
  compare('connections', 1);
  compare('failedQueries', 0);
  return faults;
}
