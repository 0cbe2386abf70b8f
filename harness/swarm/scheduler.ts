// Runs tasks when they are due: one binary heap and one timer for a whole shard. In: tasks with their due times.
// A task is never run early; it runs up to about 1 ms late, which is the resolution of Node's timers.
import { nowUs } from '../contract/clock.ts';

export interface Task {
  /** `dueUs` is when it should have run; now may be later. */
  run(dueUs: number): void;
}

const quietMs = 2;
const longestBurstUs = 20_000;

export class Scheduler {
  readonly #dueUs: number[] = [];
  readonly #tasks: Task[] = [];
  #timer: NodeJS.Timeout | null = null;
  #timerForUs = Number.POSITIVE_INFINITY;
  #stopped = false;
  #burst: Task[] = [];
  #burstSinceUs = 0;

  /** Runs `task` once, at `dueUs` or as soon after as can be; a moment in the past is due at once. */
  at(dueUs: number, task: Task): void {
    if (this.#stopped) return;
    this.#dueUs.push(dueUs);
    this.#tasks.push(task);
    this.#siftUp(this.#tasks.length - 1);
    if (dueUs < this.#timerForUs) this.#arm();
  }

  /**
   * Runs `task` when the burst of answers it belongs to is over: 2 ms after the last one, 20 ms after the first at most.
   * Clients in life answer from machines of their own; here a client's next request would make its neighbours look late.
   */
  afterBurst(task: Task): void {
    if (this.#burst.length === 0) {
      this.#burstSinceUs = nowUs();
      this.#watchBurst();
    }
    this.#burst.push(task);
  }

  /** Forgets all tasks; nothing runs any more. */
  stop(): void {
    this.#stopped = true;
    this.#dueUs.length = 0;
    this.#tasks.length = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  readonly #fire = (): void => {
    this.#timerForUs = Number.POSITIVE_INFINITY;
    for (let next = this.#dueUs[0]; next !== undefined && next <= nowUs(); next = this.#dueUs[0]) this.#pop().run(next);
    this.#arm();
  };

  #watchBurst(): void {
    const size = this.#burst.length;
    setTimeout(() => {
      const isOver = this.#burst.length === size || nowUs() - this.#burstSinceUs > longestBurstUs;
      if (isOver) this.#endBurst();
      else this.#watchBurst();
    }, quietMs);
  }

  #endBurst(): void {
    const tasks = this.#burst;
    this.#burst = [];
    const atUs = nowUs();
    for (const task of tasks) if (!this.#stopped) task.run(atUs);
  }

  #arm(): void {
    const next = this.#dueUs[0];
    if (next === undefined) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerForUs = next;
    this.#timer = setTimeout(this.#fire, Math.max(0, Math.ceil((next - nowUs()) / 1000)));
  }

  #pop(): Task {
    const task = this.#tasks[0] as Task;
    const lastDueUs = this.#dueUs.pop() as number;
    const lastTask = this.#tasks.pop() as Task;
    if (this.#tasks.length > 0) {
      this.#dueUs[0] = lastDueUs;
      this.#tasks[0] = lastTask;
      this.#siftDown();
    }
    return task;
  }

  #siftUp(from: number): void {
    let child = from;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if ((this.#dueUs[parent] as number) <= (this.#dueUs[child] as number)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  #siftDown(): void {
    const size = this.#tasks.length;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      if (left >= size) return;
      const right = left + 1;
      const least = right < size && (this.#dueUs[right] as number) < (this.#dueUs[left] as number) ? right : left;
      if ((this.#dueUs[parent] as number) <= (this.#dueUs[least] as number)) return;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #swap(a: number, b: number): void {
    const dueUs = this.#dueUs[a] as number;
    const task = this.#tasks[a] as Task;
    this.#dueUs[a] = this.#dueUs[b] as number;
    this.#tasks[a] = this.#tasks[b] as Task;
    this.#dueUs[b] = dueUs;
    this.#tasks[b] = task;
  }
}
