// What a child says before anyone listens is kept, so that nothing is lost between its start and its listener.

const capacity = 1_000;

/** Hands values to one listener, in order; keeps the newest 1,000 until there is one. */
export class Mailbox<T> {
  private kept: T[] = [];
  private listener: ((value: T) => void) | null = null;

  deliver(value: T): void {
    if (this.listener !== null) {
      this.listener(value);
      return;
    }
    this.kept.push(value);
    if (this.kept.length > capacity) this.kept.shift();
  }

  listen(listener: (value: T) => void): void {
    this.listener = listener;
    const kept = this.kept;
    this.kept = [];
    for (const value of kept) listener(value);
  }

  /** The next value alone; those after it are kept. Only while there is no listener. */
  next(): Promise<T> {
    return new Promise((resolve) => {
      const [first, ...rest] = this.kept;
      this.kept = rest;
      if (first !== undefined) {
        resolve(first);
        return;
      }
      this.listener = (value) => {
        this.listener = null;
        resolve(value);
      };
    });
  }
}
