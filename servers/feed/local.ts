// Feed `local`, the single server of the textbook: only the node that is told of a change (POST /change) knows of it.
// The clients of other nodes see nothing, and nobody learns of a change that was not told.
import type { Change } from '../protocol.ts';
import type { Feed, FeedHandlers } from './feed.ts';

export class LocalFeed implements Feed {
  #handlers: FeedHandlers | null = null;

  async start(handlers: FeedHandlers): Promise<void> {
    this.#handlers = handlers;
  }

  /** Called for each POST /change. */
  tell(change: Change): void {
    this.#handlers?.onChange(change);
  }

  async stop(): Promise<void> {
    this.#handlers = null;
  }
}
