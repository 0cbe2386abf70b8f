// Short polling: one streak of polls on a schedule that does not wait for answers (an open model). Ends with the first poll that fails.
// What becomes of a tick while the last poll is outstanding is the setting `late`: skip it, queue it with its due time, or overlap, as
// setInterval with fetch does, whose timer knows nothing of its answers: there an overloaded server's refusal ends nothing.

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

/** As many connections as a browser opens to one host. */
const maxLanes = 6;

/** A tick that runs later than this is counted as the generator's own lateness. */
const lateUs = 10_000;

const decoded: Decoded = { kind: 'other', version: 0, intendedUs: 0 };

export class PollingSession implements Session, LaneOwner, Task {
  readonly #place: SessionPlace;
  readonly #listener: SessionListener;
  readonly #context: SessionContext;
  readonly #lanes: HttpLane[] = [];
  /** Due times of ticks that wait for the lane, oldest first (`late: queue`). */
  #waitingUs: number[] | null = null;
  #state: 'open' | 'quiet' | 'ended' = 'open';
  #usable = false;

  constructor(place: SessionPlace, listener: SessionListener, context: SessionContext) {
    this.#place = place;
    this.#listener = listener;
    this.#context = context;
  }

  get outstanding(): number {
    let busy = this.#waitingUs?.length ?? 0;
    for (const lane of this.#lanes) if (lane.busy) busy += 1;
    return busy;
  }

  open(dueUs: number): void {
    this.#context.scheduler.at(dueUs, this);
  }

  quiesce(): void {
    if (this.#state === 'open') this.#state = 'quiet';
  }

  settle(): void {
    this.#failOthers();
  }

  close(): void {
    this.#end({ kind: 'stopped' });
  }

  lose(how: Loss): void {
    if (this.#isOver()) return;
    this.#failOthers();
    this.#waitingUs = null;
    for (const lane of this.#lanes) lane.lose(how);
    this.#end(lost);
  }

  expire(atUs: number): void {
    for (const lane of this.#lanes) lane.expire(atUs);
  }

  /** A tick. */
  run(dueUs: number): void {
    if (this.#state !== 'open') return;
    this.#context.scheduler.at(dueUs + this.#context.pollIntervalUs, this);
    const lane = this.#freeLane();
    if (lane !== null) {
      const isLate = nowUs() - dueUs > lateUs;
      this.#poll(lane, dueUs);
      if (isLate) this.#listener.onSentLate(dueUs);
    } else if (this.#context.late === 'queue') this.#queue(dueUs);
    else this.#listener.onSkipped(dueUs);
  }

  onLaneOpen(atUs: number): void {
    if (this.#usable) return;
    this.#usable = true;
    this.#listener.onOpen(atUs);
  }

  onAnswer(lane: HttpLane, head: ResponseHead, buffer: Buffer, start: number, end: number): void {
    const atUs = nowUs();
    this.#context.requests.keepCookie(this.#place, head);
    if (head.status >= 500 && this.#context.late === 'overlap') {
      this.#listener.onPollRefused(lane.dueUs);
      return;
    }
    if (head.status !== 200 && head.status !== 304) {
      this.#listener.onPollFailed(lane.dueUs);
      this.#end(endedByStatus(head));
      return;
    }
    this.#listener.onPolled(lane.dueUs, lane.sentUs, atUs);
    if (this.#isOver()) return;
    if (head.status === 304) this.#listener.onUnchanged(atUs);
    else this.#tellVersion(buffer, start, end, atUs);
    const waitingUs = this.#waitingUs?.shift();
    if (waitingUs !== undefined && !this.#isOver()) this.#poll(lane, waitingUs);
  }

  onLaneFailed(lane: HttpLane, reason: EndReason): void {
    if (this.#isOver()) return;
    this.#listener.onPollFailed(lane.dueUs);
    this.#end(reason);
  }

  #tellVersion(buffer: Buffer, start: number, end: number, atUs: number): void {
    this.#context.target.decode(buffer, start, end, decoded);
    if (decoded.kind === 'snapshot' || decoded.kind === 'update')
      this.#listener.onVersion('snapshot', decoded.version, atUs, decoded.intendedUs);
    else this.#end({ kind: 'protocol', detail: 'an answer carried no version' });
  }

  /** Asked anew after everything that is told: the listener may have closed the session meanwhile. */
  #isOver(): boolean {
    return this.#state === 'ended';
  }

  /** Nobody will hear of the polls that are in flight or wait. */
  #failOthers(): void {
    for (const lane of this.#lanes) if (lane.busy) this.#listener.onPollFailed(lane.dueUs);
    for (const dueUs of this.#waitingUs ?? []) this.#listener.onPollFailed(dueUs);
  }

  #queue(dueUs: number): void {
    this.#waitingUs ??= [];
    this.#waitingUs.push(dueUs);
  }

  #poll(lane: HttpLane, dueUs: number): void {
    lane.send(this.#context.requests.bytes(this.#place), dueUs);
  }

  #freeLane(): HttpLane | null {
    for (const lane of this.#lanes) if (!lane.busy) return lane;
    if (this.#lanes.length >= (this.#context.late === 'overlap' ? maxLanes : 1)) return null;
    const lane = new HttpLane(this, this.#place.address, this.#context);
    this.#lanes.push(lane);
    return lane;
  }

  #end(reason: EndReason): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    if (reason.kind !== 'stopped') this.#failOthers();
    this.#waitingUs = null;
    for (const lane of this.#lanes) lane.drop();
    this.#listener.onEnd(reason, nowUs());
  }
}
