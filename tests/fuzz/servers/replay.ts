// Says kept bytes to a server again, each piece in one write, and resets the connection.
import { type Answers, converse } from './converse.ts';
import type { FuzzedSystem } from './fuzzed-system.ts';

/** Resolves with what the server sent back, counted. */
export async function replay(system: FuzzedSystem, pieces: readonly Buffer[]): Promise<Answers> {
  const answers: Answers = { counts: new Map(), breaches: [], refusedConnections: 0 };
  const everything = Number.POSITIVE_INFINITY;
  const conversation = { pieces, last: Buffer.alloc(0), pauseMs: 10, inputs: everything, leaving: 'reset' } as const;
  await converse(system.port, conversation, answers);
  return answers;
}
