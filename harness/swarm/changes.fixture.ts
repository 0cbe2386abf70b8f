// Waiting for what a test expects: conditions are looked at whenever something changed, so that no test sleeps and hopes.

/** A busy machine may take seconds for what usually takes milliseconds; a lost answer takes for ever. */
const patienceMs = 15_000;

export class Changes {
  readonly #checks = new Set<() => void>();

  /** Something happened: looks at all conditions again. */
  changed(): void {
    for (const check of [...this.#checks]) check();
  }

  /** Resolves as soon as the condition holds. Rejects after 15 s with what was waited for. */
  until(what: string, condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#checks.delete(check);
        act();
      };
      const check = () => {
        if (condition()) settle(resolve);
      };
      const timer = setTimeout(() => settle(() => reject(new Error(`waited in vain until ${what}`))), patienceMs);
      this.#checks.add(check);
      check();
    });
  }
}
