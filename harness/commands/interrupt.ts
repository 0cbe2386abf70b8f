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

let heard: Signal | null = null;

/** Aborts with an `Interrupted` at the first signal, which says what became of the work. The signals are ours from here to the end. */
export function abortOnSignals(outcome = 'nothing is left running'): AbortSignal {
  const controller = new AbortController();
  let firstUs = 0;
  for (const name of signals) {
    process.on(name, () => {
      if (heard === null) {
        firstUs = nowUs();
        heard = name;
        controller.abort(new Interrupted(name, outcome));
      } else if (nowUs() - firstUs > echoUs) {
        endAtOnce(name);
      }
    });
  }
  return controller.signal;
}

/** Throws `Interrupted` when a signal came so late that it could end nothing any more: who sent it waits to hear of it. */
export function checkLateSignal(): void {
  if (heard !== null) throw new Interrupted(heard, 'all was done by then, and is kept');
}

/** Dies of the signal, as anyone who waits for us expects. */
function endAtOnce(name: Signal): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}
