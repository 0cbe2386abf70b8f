// The publisher as the command sees it: a process that is handed schedules and tells what it committed.
import { FreshetError } from '../contract/errors.ts';
import type { PublishProgram } from '../contract/target.ts';
import type { Update } from '../plan/arrivals.ts';
import { type Child, lastWords, startChild } from '../services/child.ts';
import type { Guard } from '../services/guard.ts';
import type { Published, PublisherCommand, PublisherReport } from './publisher-contract.ts';

export class Publisher {
  readonly child: Child;
  /** All that was committed so far. */
  readonly published: Published[] = [];
  /** Attempts that failed and were tried again. */
  failures = 0;
  /** Why the last of them did. */
  failure: string | null = null;
  /** Resolves when the program that commits has died. */
  readonly lost: Promise<FreshetError>;
  #onPublished: () => void = () => {};
  #onFailed: () => void = () => {};
  #onReady: () => void = () => {};
  #onLost: (error: FreshetError) => void = () => {};

  private constructor(child: Child) {
    this.child = child;
    this.lost = new Promise((resolve) => {
      this.#onLost = resolve;
    });
    child.onMessage((message) => this.#hear(message as PublisherReport));
  }

  /** Starts it with the target's own program for committing a change; resolves when that is ready. */
  static async start(options: { guard: Guard; bundle: string; publish: PublishProgram }): Promise<Publisher> {
    const child = await startChild({
      guard: options.guard,
      name: 'publisher',
      command: process.execPath,
      args: ['--enable-source-maps', options.bundle],
      ipc: true,
    });
    const publisher = new Publisher(child);
    const ready = new Promise<void>((resolve) => {
      publisher.#onReady = resolve;
    });
    publisher.#tell({ type: 'begin', program: options.publish });
    const lost = await Promise.race([
      ready,
      publisher.lost,
      child.exited.then(
        () => new FreshetError('environment', `the publisher ended before it was ready${saying(child)}`),
      ),
    ]);
    if (lost instanceof FreshetError) throw lost;
    return publisher;
  }

  schedule(updates: readonly Update[]): void {
    this.#tell({ type: 'updates', updates });
  }

  /** Resolves when this many changes were committed since the start. */
  untilPublished(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onPublished = () => {
        if (this.published.length >= count) resolve();
      };
      this.#onPublished();
    });
  }

  /** Resolves when this many attempts have failed and none has succeeded. */
  untilHopeless(attempts: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onFailed = () => {
        if (this.failures >= attempts && this.published.length === 0) resolve();
      };
      this.#onFailed();
    });
  }

  async stop(): Promise<void> {
    this.#tell({ type: 'close' });
    await this.child.stop(2_000);
  }

  #tell(command: PublisherCommand): void {
    this.child.send(command);
  }

  #hear(report: PublisherReport): void {
    switch (report.type) {
      case 'ready':
        this.#onReady();
        return;
      case 'published':
        this.published.push(report.published);
        this.#onPublished();
        return;
      case 'failed':
        this.failures += 1;
        this.failure = report.error;
        this.#onFailed();
        return;
      case 'broken':
        this.#onLost(
          new FreshetError(
            'environment',
            `the program that publishes changes is gone: ${report.error}${saying(this.child)}`,
          ),
        );
    }
  }
}

function saying(child: Child): string {
  const words = lastWords(child);
  return words === '' ? '' : `; its last line: ${words}`;
}
