// Long polling: a request that the server holds until it has something newer, and then the next one (a closed model by nature),
// as soon as the burst of answers is over.
import { nowUs } from '../contract/clock.ts';
import type { Decoded } from '../contract/target.ts';
import type { Loss } from './connection.ts';
import { HttpLane, type LaneOwner } from './http-lane.ts';
import type { ResponseHead } from './readers/http-response-reader.ts';
import type { Task } from './scheduler.ts';
import {
  type EndReason,
  endedByStatus,
  lost,
  type Session,
  type SessionContext,
  type SessionListener,
  type SessionPlace,
} from './session.ts';

const decoded: Decoded = { kind: 'other', version: 0, intendedUs: 0 };

export class LongPollingSession implements Session, LaneOwner, Task {
  readonly #place: SessionPlace;
  readonly #listener: SessionListener;
  readonly #context: SessionContext;
  readonly #lane: HttpLane;
  #state: 'open' | 'quiet' | 'ended' = 'open';
  #usable = false;

  constructor(place: SessionPlace, listener: SessionListener, context: SessionContext) {
    this.#place = place;
    this.#listener = listener;
    this.#context = context;
    this.#lane = new HttpLane(this, place.address, context);
  }

  /** A held request awaits a change, not an answer: nothing is outstanding once the client holds a version. */
  get outstanding(): number {
    return this.#lane.busy && this.#place.held === null ? 1 : 0;
  }

  open(dueUs: number): void {
    this.#lane.send(this.#context.requests.bytes(this.#place), dueUs);
  }

  quiesce(): void {
    if (this.#state === 'open') this.#state = 'quiet';
  }

  settle(): void {
    // A held request is no poll that was due.
  }

  close(): void {
    this.#end({ kind: 'stopped' });
  }

  lose(how: Loss): void {
    this.#lane.lose(how);
    this.#end(lost);
  }

  expire(atUs: number): void {
    this.#lane.expire(atUs);
  }

  onLaneOpen(atUs: number): void {
    if (this.#usable) return;
    this.#usable = true;
    this.#listener.onOpen(atUs);
  }

  onAnswer(_lane: HttpLane, head: ResponseHead, buffer: Buffer, start: number, end: number): void {
    const atUs = nowUs();
    this.#context.requests.keepCookie(this.#place, head);
    if (head.status === 200) this.#tellVersion(buffer, start, end, atUs);
    else if (head.status === 204) this.#listener.onUnchanged(atUs);
    else this.#end(endedByStatus(head));
    if (this.#state === 'open') this.#context.scheduler.afterBurst(this);
  }

  /** The next request. */
  run(dueUs: number): void {
    if (this.#state === 'open') this.open(dueUs);
  }

  onLaneFailed(_lane: HttpLane, reason: EndReason): void {
    this.#end(reason);
  }

  #tellVersion(buffer: Buffer, start: number, end: number, atUs: number): void {
    this.#context.target.decode(buffer, start, end, decoded);
    if (decoded.kind === 'snapshot' || decoded.kind === 'update')
      this.#listener.onVersion('snapshot', decoded.version, atUs, decoded.intendedUs);
    else this.#end({ kind: 'protocol', detail: 'an answer carried no version' });
  }

  #end(reason: EndReason): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#lane.drop();
    this.#listener.onEnd(reason, nowUs());
  }
}
