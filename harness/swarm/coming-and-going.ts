// A client that closes its screen and opens it again, as people do. In: how long they stay and are away on average, and until when.
// Each time is drawn anew, from half to one and a half times as long; who is away when it is over comes back at once.
import type { ChurnPlan } from '../plan/population.ts';
import type { Scheduler, Task } from './scheduler.ts';

/** Who comes and goes. */
export interface Visitor {
  leaveScreen(): void;
  returnToScreen(dueUs: number): void;
}

export class ComingAndGoing implements Task {
  readonly #visitor: Visitor;
  readonly #plan: ChurnPlan;
  readonly #untilUs: number;
  readonly #scheduler: Scheduler;
  readonly #random: () => number;
  #isThere = true;

  constructor(
    visitor: Visitor,
    options: { plan: ChurnPlan; startUs: number; untilUs: number; scheduler: Scheduler; random: () => number },
  ) {
    this.#visitor = visitor;
    this.#plan = options.plan;
    this.#untilUs = options.untilUs;
    this.#scheduler = options.scheduler;
    this.#random = options.random;
    // Some have been there for long, some have just come.
    this.#next(options.startUs + options.plan.stayUs * options.random());
  }

  run(dueUs: number): void {
    this.#isThere = !this.#isThere;
    if (this.#isThere) {
      this.#visitor.returnToScreen(dueUs);
      this.#next(dueUs + this.#plan.stayUs * (0.5 + this.#random()));
    } else {
      this.#visitor.leaveScreen();
      this.#next(Math.min(this.#untilUs, dueUs + this.#plan.awayUs * (0.5 + this.#random())));
    }
  }

  #next(dueUs: number): void {
    if (!this.#isThere || dueUs < this.#untilUs) this.#scheduler.at(dueUs, this);
  }
}
