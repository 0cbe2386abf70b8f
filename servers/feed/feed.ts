// How a server hears of a change. A feed tells its listener and knows nothing of clients, queries or transports.
import { z } from 'zod';
import type { Message, MessageType } from '../message.ts';
import type { Change } from '../protocol.ts';

export interface FeedHandlers {
  /** A dashboard has a new version, which has to be asked for. */
  onChange(change: Change): void;
  /** A new version itself: an `update`, or a `snapshot` that stands for versions nobody was told of. */
  onMessage(message: Message, type: MessageType): void;
  /** The feed was deaf and hears again: what moved meanwhile has to be looked up. */
  onGap(): void;
}

export interface Feed {
  /** Resolves once nothing more can be missed; rejects when the source cannot be reached. Later losses it mends itself. */
  start(handlers: FeedHandlers): Promise<void>;
  stop(): Promise<void>;
}

const change = z.object({ audience: z.number().int().nonnegative(), version: z.number().int().nonnegative() });

/** Reads the JSON of a `Change`; `null` when it is none. */
export function parseChange(json: string): Change | null {
  try {
    return change.safeParse(JSON.parse(json)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** How long to wait before the `attempt`-th try (from 0) to reach a lost source again: 50 ms doubling to 1 s. */
export function reconnectDelayMs(attempt: number): number {
  return Math.min(1_000, 50 * 2 ** Math.min(attempt, 10));
}
