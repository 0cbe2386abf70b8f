// Ctrl-C and kill: the first asks the run to end with what it has, a second one ends it at once (the watchdog cleans up).
import { nowUs } from '../contract/clock.ts';

/** Why a run ended early: not an error, but an exit code of its own. */
export class Interrupted extends Error {
  readonly signal: Signal;

  /** `outcome` says what became of the work, as in `what was measured is kept`. */
  constructor(signal: Signal, outcome: string) {
    super(`Interrupted by ${signal}; ${outcome}.`);
    this.name = 'Interrupted';
    this.signal = signal;
  }

  get exitCode(): number {
    return 128 + { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[this.signal];
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof signals)[number];

/** A terminal's Ctrl-C reaches the command twice when npm is around it: from the terminal, and passed on by npm. */
const echoUs = 300_000;

/** Aborts `signal` with an `Interrupted` at the first signal, which says what became of the work. `release` gives the signals back. */
export function abortOnSignals(outcome = 'nothing is left running'): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let firstUs = 0;
  const listeners = signals.map((name) => {
    const listener = () => {
      if (!controller.signal.aborted) {
        firstUs = nowUs();
        controller.abort(new Interrupted(name, outcome));
      } else if (nowUs() - firstUs > echoUs) {
        endAtOnce(name);
      }
    };
    process.on(name, listener);
    return [name, listener] as const;
  });
  return {
    signal: controller.signal,
    release: () => {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}

/** Dies of the signal, as anyone who waits for us expects. */
function endAtOnce(name: Signal): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}
