// What one client does besides watching: actions at their times, whatever became of those before (an open model). By a POST on connections of
// its own, as fetch opens them beside the one that is busy, or as a message up the socket on which it listens. It never tries again: nobody
// knows of an action without an answer whether it was done.
import { nowUs } from '../contract/clock.ts';
import type { ActionWay } from '../contract/target.ts';
import type { ActionLog } from './action-log.ts';
import { HttpLane, type LaneOwner } from './http-lane.ts';
import type { ResponseHead } from './readers/http-response-reader.ts';
import type { Task } from './scheduler.ts';
import type { EndReason, SessionContext, SessionPlace } from './session.ts';

export interface ActingPlace extends SessionPlace {
  /** Sends a text on the client's socket; false when there is none that is open. */
  say(text: string): boolean;
}

/** As many as a browser opens to one host, but for the one on which the client watches. */
const maxLanes = 5;

interface Sent {
  readonly dueUs: number;
  /** When it could first be sent: later than due is the generator's lateness. */
  readonly sentUs: number;
}

export class Actor implements Task, LaneOwner {
  readonly #place: ActingPlace;
  readonly #context: SessionContext;
  readonly #way: ActionWay;
  readonly #log: ActionLog;
  readonly #lanes = new Map<HttpLane, Sent>();
  /** Lanes that carry nothing now. */
  readonly #spare: HttpLane[] = [];
  /** What all lanes being busy keeps from being sent, oldest first. */
  readonly #waiting: Sent[] = [];
  /** Of messages that are not answered, by their ids. */
  readonly #said = new Map<number, Sent>();
  #timesUs: readonly number[] = [];
  /** Which of them comes next. */
  #next = 0;
  #id = 0;

  constructor(place: ActingPlace, { context, way, log }: { context: SessionContext; way: ActionWay; log: ActionLog }) {
    this.#place = place;
    this.#context = { ...context, traffic: log.traffic };
    this.#way = way;
    this.#log = log;
  }

  /** Acts at these moments, which follow those of before. */
  plan(timesUs: readonly number[]): void {
    this.#timesUs = timesUs;
    this.#next = 0;
    this.#log.planned(timesUs);
    this.#scheduleNext();
  }

  run(dueUs: number): void {
    // It was settled meanwhile.
    if (this.#timesUs[this.#next] !== dueUs) return;
    this.#next += 1;
    this.#scheduleNext();
    const sent = { dueUs, sentUs: nowUs() };
    if (this.#way.isMessage) this.#say(sent);
    else this.#post(sent);
  }

  onLaneOpen(): void {
    // It was opened for an action, which is about to be sent.
  }

  onAnswer(lane: HttpLane, head: ResponseHead, buffer: Buffer, start: number, end: number): void {
    this.#context.requests.keepCookie(this.#place, head);
    const version = head.status === 200 ? this.#way.versionOf(buffer, start, end) : null;
    this.#settle(this.#lanes.get(lane), version);
    this.#lanes.delete(lane);
    this.#spare.push(lane);
    this.#sendWaiting();
  }

  onLaneFailed(lane: HttpLane, reason: EndReason): void {
    const sent = this.#lanes.get(lane);
    this.#lanes.delete(lane);
    if (sent !== undefined) this.#log.failed(sent.dueUs, reason.kind === 'refused' ? 'unsent' : 'unanswered');
    this.#sendWaiting();
  }

  /** The answer to a message; `null`: it was refused. */
  acted(id: number, version: number | null, frameBytes: number): void {
    this.#log.frames.bytesIn += frameBytes;
    this.#settle(this.#said.get(id), version);
    this.#said.delete(id);
  }

  /** The socket is gone, and its answers with it. */
  lostSocket(): void {
    for (const { dueUs } of this.#said.values()) this.#log.failed(dueUs, 'unanswered');
    this.#said.clear();
  }

  expire(atUs: number): void {
    for (const lane of [...this.#lanes.keys()]) lane.expire(atUs);
    for (const [id, { dueUs, sentUs }] of this.#said) {
      if (atUs - sentUs < this.#context.requestTimeoutUs) continue;
      this.#said.delete(id);
      this.#log.failed(dueUs, 'unanswered');
    }
  }

  /** Nothing more is waited for, and nothing more is done. */
  settle(): void {
    this.lostSocket();
    for (const [lane, { dueUs }] of this.#lanes) {
      lane.drop();
      this.#log.failed(dueUs, 'unanswered');
    }
    this.#lanes.clear();
    for (const { dueUs } of this.#waiting.splice(0)) this.#log.failed(dueUs, 'unsent');
    for (const dueUs of this.#timesUs.slice(this.#next)) this.#log.failed(dueUs, 'unsent');
    this.#timesUs = [];
  }

  close(): void {
    this.settle();
    for (const lane of this.#spare.splice(0)) lane.drop();
  }

  #scheduleNext(): void {
    const dueUs = this.#timesUs[this.#next];
    if (dueUs !== undefined) this.#context.scheduler.at(dueUs, this);
  }

  #settle(sent: Sent | undefined, version: number | null): void {
    // It was given up before its answer came.
    if (sent === undefined) return;
    const { dueUs: intendedUs, sentUs } = sent;
    const { audience } = this.#place;
    if (version === null) this.#log.failed(intendedUs, 'refused');
    else this.#log.acknowledged({ audience, version, intendedUs, sentUs, ackedUs: nowUs() });
  }

  #say(sent: Sent): void {
    const id = ++this.#id;
    const text = this.#way.message(id, sent.dueUs);
    this.#said.set(id, sent);
    if (this.#place.say(text)) this.#log.frames.bytesOut += clientFrameBytes(text.length);
    else {
      this.#said.delete(id);
      this.#log.failed(sent.dueUs, 'unsent');
    }
  }

  #post(sent: Sent): void {
    if (this.#lanes.size >= maxLanes) {
      this.#waiting.push(sent);
      return;
    }
    const { rank, audience } = this.#place;
    const body = this.#way.body(sent.dueUs);
    const request = this.#way.request(this.#context.requests.askingOf({ rank, audience, held: null }), body);
    const lane = this.#spare.pop() ?? new HttpLane(this, this.#place.address, this.#context);
    this.#log.traffic.payloadOut += body.length;
    this.#lanes.set(lane, sent);
    lane.send(Buffer.from(request, 'latin1'), sent.dueUs);
  }

  #sendWaiting(): void {
    const sent = this.#waiting.shift();
    if (sent !== undefined) this.#post(sent);
  }
}

/** Of a masked text frame (RFC 6455 §5.2); actions are shorter than 64 KiB, and Latin-1. */
function clientFrameBytes(payload: number): number {
  return payload + (payload < 126 ? 6 : 8);
}
