// The simulation's queue of events: a wheel of 1 ms slots. Each client has at most one event, so the lists need no memory of their own.

const slotUs = 1_000;
/** 262 s ahead: more than the longest backoff and a time-out together. */
const slots = 2 ** 18;
const none = -1;

export class EventWheel {
  readonly #clients: number;
  /** The first client of each slot's list, and the one behind each client. */
  readonly #first = new Int32Array(slots).fill(none);
  readonly #next: Int32Array;
  /** Time within its slot. */
  readonly #withinUs: Uint16Array;
  /** Time within the slot × clients + client: sorts by time, then by client. */
  readonly #order: Float64Array;
  #slot = 0;
  #waiting = 0;

  constructor(clients: number) {
    this.#clients = clients;
    this.#next = new Int32Array(clients);
    this.#withinUs = new Uint16Array(clients);
    this.#order = new Float64Array(clients);
  }

  /** Whole µs, not before the event that is being visited. Throws RangeError beyond the wheel. */
  add(client: number, dueUs: number): void {
    const slot = Math.floor(dueUs / slotUs);
    if (slot < this.#slot || slot >= this.#slot + slots)
      throw new RangeError(`an event at ${dueUs} µs lies outside the wheel at ${this.#slot * slotUs} µs`);
    const place = slot % slots;
    this.#withinUs[client] = dueUs - slot * slotUs;
    this.#next[client] = this.#first[place] as number;
    this.#first[place] = client;
    this.#waiting += 1;
  }

  /**
   * Visits the events of the next slot that has any, in order; false when there are none before `untilUs`. What is added within
   * the same millisecond comes after the rest of it, in a turn of its own.
   */
  turn(untilUs: number, visit: (client: number, atUs: number) => void): boolean {
    if (this.#waiting === 0) return false;
    while (this.#first[this.#slot % slots] === none) this.#slot += 1;
    const startUs = this.#slot * slotUs;
    if (startUs >= untilUs) return false;
    const due = this.#takeSlot();
    for (let k = 0; k < due.length; k++) {
      const key = due[k] as number;
      // Not by %, which of a double costs more than all the rest.
      const withinUs = Math.floor(key / this.#clients);
      visit(key - withinUs * this.#clients, startUs + withinUs);
    }
    return true;
  }

  #takeSlot(): Float64Array {
    const place = this.#slot % slots;
    let count = 0;
    for (let client = this.#first[place] as number; client !== none; client = this.#next[client] as number) {
      this.#order[count] = (this.#withinUs[client] as number) * this.#clients + client;
      count += 1;
    }
    this.#first[place] = none;
    this.#waiting -= count;
    return this.#order.subarray(0, count).sort();
  }
}
