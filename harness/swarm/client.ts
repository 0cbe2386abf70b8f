// The virtual client: one simulated dashboard over many sessions. It decides when to connect again and books what it sees;
// the sessions of all four transports report to it alike.

import { nowUs } from '../contract/clock.ts';
import { recordUs } from '../contract/histogram.ts';
import type { Address } from '../contract/target.ts';
import { pollPhaseUs } from '../plan/arrivals.ts';
import { backoffRandom, backoffUs } from '../plan/backoff.ts';
import type { ActionLog } from './action-log.ts';
import { type ActingPlace, Actor } from './actor.ts';
import { Advances } from './advances.ts';
import type { Loss } from './connection.ts';
import { book, type Delivery, lacking } from './delivery.ts';
import type { Ledger } from './ledger.ts';
import { type Reconnecting, reactTo } from './reaction.ts';
import type { Task } from './scheduler.ts';
import type { EndReason, Session, SessionContext, SessionListener, SessionMaker } from './session.ts';
import type { Sightings } from './sightings.ts';

/** What the clients of one shard share. */
export interface ClientWorld {
  readonly context: SessionContext;
  readonly ledger: Ledger;
  readonly makeSession: SessionMaker;
  readonly clients: number;
  readonly seed: number;
  readonly reconnecting: Reconnecting;
  /** What clients do, and who saw it; `null`: they only watch. */
  readonly acting: { readonly log: ActionLog; readonly seen: Sightings } | null;
}

/** The browsers' reconnection time of an EventSource. */
const eventSourceRetryUs = 3_000_000;

export class VirtualClient implements SessionListener, ActingPlace, Delivery, Task {
  readonly rank: number;
  readonly audience: number;
  readonly address: Address;
  readonly #world: ClientWorld;
  /** Its single observations are kept, to be compared with the canary's. */
  readonly #tracked: boolean;
  held: number | null = null;
  first = 0;
  gaps: Set<number> | null = null;
  connected = false;
  #session: Session | null = null;
  #dueUs = 0;
  #attempt = 0;
  /** As many as it had made when the session opened: one that is turned away at once has got no further. */
  #attemptBefore = 0;
  /** What the backoff chose last. */
  #delayUs = 0;
  #retryUs = eventSourceRetryUs;
  #isFirstOfSession = true;
  #openedUs = 0;
  /** Versions up to this one came out while it was away. */
  #missedUpTo = 0;
  /** When it last came to hold something newer. */
  #freshUs = 0;
  /** What was newest when a service came back, while it does not hold that. */
  #catchingUp: { readonly version: number; readonly sinceUs: number } | null = null;
  #halted = false;
  #gaveUp = false;
  /** What is published from then on is nobody's. */
  #vanished = false;
  /** When it last came back by its own will: what was published before is of no interest. */
  #watchesFromUs = 0;
  /** From when the screen is stale, if nothing arrives: from the start while it shows nothing, then the moment the next version is intended, or when the client was cut off. */
  #staleFromUs = 0;
  /** When it last showed what there was. */
  #shownUs = 0;
  readonly #actor: Actor | null;
  /** What it holds of versions that its fellows made, until it is known when. */
  readonly #advances = new Advances();
  /** When the last message came, of a foreign target. */
  #arrivedUs = 0;

  constructor(place: { rank: number; audience: number; address: Address; tracked: boolean }, world: ClientWorld) {
    this.rank = place.rank;
    this.audience = place.audience;
    this.address = place.address;
    this.#tracked = place.tracked;
    this.#world = world;
    const { action } = world.context.target;
    this.#actor =
      world.acting === null || action === undefined
        ? null
        : new Actor(this, { context: world.context, way: action, log: world.acting.log });
  }

  get outstanding(): number {
    return this.#session?.outstanding ?? 0;
  }

  /** The newest version that it is to get. */
  get newest(): number {
    return this.#vanished ? (this.held ?? 0) : this.#world.ledger.updates.newest(this.audience);
  }

  /** Versions published and not held. A client that holds nothing yet lacks one. */
  get lacking(): number {
    return this.held === null ? 1 : lacking(this, this.newest);
  }

  /** It lacks a version and may still get it: nobody need wait for a client that will not come back. */
  get isBehind(): boolean {
    return !this.#gaveUp && this.lacking > 0;
  }

  /** Connects at its place in the ramp. */
  start(dueUs: number): void {
    this.#schedule(dueUs);
  }

  /** Opens the next session. */
  run(dueUs: number): void {
    if (this.#halted) return;
    this.#dueUs = dueUs;
    this.#session = this.#world.makeSession(this, this, this.#world.context);
    this.#session.open(dueUs);
    // A socket connects in the next tick: in a burst, long after it was told to.
    process.nextTick(noteAttempt, this.#world.ledger, this.rank, dueUs);
  }

  quiesce(): void {
    this.#halted = true;
    this.#session?.quiesce();
  }

  close(): void {
    this.#halted = true;
    this.#actor?.close();
    this.#session?.close();
  }

  lose(how: Loss): void {
    this.#session?.lose(how);
  }

  /** Its machine is gone from one moment to the next: it hears nothing more, says nothing more, and nobody waits for it. */
  vanish(): void {
    this.settle(nowUs());
    if (this.isBehind) this.#world.ledger.standing.behind -= 1;
    this.#vanished = true;
    this.#halted = true;
    this.#staleFromUs = Number.POSITIVE_INFINITY;
    this.#session?.lose('silent');
  }

  /** Closes the screen for a while: it is not stale meanwhile. */
  leaveScreen(): void {
    if (this.#halted) return;
    this.#world.ledger.stale(this.#staleFromUs, nowUs());
    this.#staleFromUs = Number.POSITIVE_INFINITY;
    this.#session?.close();
  }

  returnToScreen(dueUs: number): void {
    this.#watchesFromUs = dueUs;
    this.#schedule(dueUs);
  }

  /** Acts at these moments. */
  act(timesUs: readonly number[]): void {
    this.#actor?.plan(timesUs);
  }

  say(text: string): boolean {
    return this.#session?.say?.(text) ?? false;
  }

  /** What is not answered by now never will be. */
  settleActions(): void {
    this.#actor?.settle();
  }

  expire(atUs: number): void {
    this.#actor?.expire(atUs);
    this.#session?.expire(atUs);
  }

  /** New versions were planned: the screen will be stale from the first one it lacks. */
  onPlanned(): void {
    if (this.held === null || this.#vanished) return;
    const { ledger } = this.#world;
    this.#advances.book(
      { updates: ledger.updates, audience: this.audience },
      {
        stale: (fromUs, toUs) => ledger.stale(fromUs, toUs),
        fresh: (before, version, atUs) => this.#noteFreshness(before, version, atUs),
      },
    );
    // What comes first may have been intended before it came to hold the last.
    const nextUs = ledger.updates.intendedUs(this.audience, this.held + 1);
    this.#staleFromUs = Math.min(this.#staleFromUs, this.#actor === null ? nextUs : Math.max(nextUs, this.#freshUs));
  }

  /** What it holds by now may have come after that moment. */
  onServiceBack(atUs: number): void {
    const { updates, histograms } = this.#world.ledger;
    const version = updates.newestBy(this.audience, atUs);
    if (this.held === null || this.held < version) this.#catchingUp = { version, sinceUs: atUs };
    else recordUs(histograms.catchUpUs, Math.max(0, this.#freshUs - atUs));
  }

  get isCatchingUp(): boolean {
    return this.#catchingUp !== null;
  }

  /** Books the stale time up to now for a client that never caught up, and polls that were never answered. */
  settle(atUs: number): void {
    this.#session?.settle();
    this.#world.ledger.stale(this.#staleSinceUs(), atUs);
    this.#staleFromUs = Math.max(atUs, this.#staleFromUs);
  }

  onOpen(atUs: number): void {
    this.connected = true;
    this.#attemptBefore = this.#attempt;
    this.#attempt = 0;
    this.#isFirstOfSession = true;
    this.#openedUs = atUs;
    const { ledger } = this.#world;
    if (ledger.sessions.isAway(this.rank)) this.#noteMissed(atUs);
    ledger.standing.connected += 1;
    ledger.trial.opened += 1;
    ledger.sessions.accepted(this.rank, atUs);
    const { target } = this.#world.context;
    // A WebSocket may be opened only to be turned away.
    if (target.transport !== 'websocket' || !target.greets) this.#noteUsable();
    if (!target.greets && this.held === null) this.#beginUntold(atUs);
    // A stream that resumes with nothing new is sent nothing, and its screen is not cut off any more. A poll is told by its answer.
    if (target.transport !== 'polling') this.#showsVersion(atUs);
  }

  onVersion(kind: 'snapshot' | 'update', told: number, atUs: number, intendedUs = 0): void {
    const { ledger, context } = this.#world;
    if (context.target.isForeign === true) this.#noteArrival(atUs);
    const version = ledger.updates.place(this.audience, told, intendedUs);
    // News that came too late to count brings nobody what it holds already once more.
    if (version === this.held && ledger.updates.isBeyond(this.audience, told)) return;
    this.#take(kind, version, atUs);
  }

  /** Nobody tells it the state: it has what there is, and expects every change from here on. */
  #beginUntold(atUs: number): void {
    const newest = this.#world.ledger.updates.newestBy(this.audience, atUs);
    this.#take('snapshot', newest, atUs);
    // A change that was on its way to it already may be known from others.
    this.#isFirstOfSession = newest > 0;
  }

  #take(kind: 'snapshot' | 'update', version: number, atUs: number): void {
    const { ledger, context } = this.#world;
    ledger.trial[kind === 'update' ? 'updates' : 'snapshots'] += 1;
    const before = this.held;
    // The first a session brings is the state, even when a change came in before the snapshot that was asked for.
    // Changes that clients make at once may be told as one.
    const isNext = kind === 'update' && !this.#isFirstOfSession && this.#actor === null;
    if (this.#isFirstOfSession && context.target.transport === 'websocket' && context.target.greets) this.#noteUsable();
    this.#isFirstOfSession = false;
    const isNew = book(this, version, isNext ? 'every' : 'latest', ledger.trial);
    if (this.#isPoll) ledger.answered(atUs, !isNew);
    if (before !== null && before < this.#missedUpTo) this.#noteMadeUp(kind, before, version);
    if (isNew) this.#becomeFresh(before, version, atUs);
    else this.#showsVersion(atUs);
  }

  onUnchanged(atUs: number): void {
    if (this.#world.context.target.isForeign === true) this.#noteArrival(atUs);
    this.#world.ledger.answered(atUs, true);
    this.#showsVersion(atUs);
  }

  onPolled(dueUs: number, sentUs: number, atUs: number): void {
    const { ledger, context } = this.#world;
    ledger.polled(dueUs, sentUs, atUs);
    if (this.#tracked && ledger.contains(dueUs)) {
      ledger.samples.push({ rank: this.rank, key: Math.floor(dueUs / context.pollIntervalUs), us: atUs - dueUs });
    }
  }

  onPollFailed(dueUs: number): void {
    this.#world.ledger.pollFailed(dueUs);
  }

  onPollRefused(dueUs: number): void {
    this.#world.ledger.trial.failedAnswers += 1;
    this.#world.ledger.pollFailed(dueUs);
  }

  onSkipped(dueUs: number): void {
    this.#world.ledger.skipped(dueUs);
  }

  onSentLate(dueUs: number): void {
    this.#world.ledger.sentLate(dueUs);
  }

  onRetryDelay(delayUs: number): void {
    this.#retryUs = delayUs;
  }

  onActed(id: number, version: number | null, frameBytes: number): void {
    this.#actor?.acted(id, version, frameBytes);
  }

  onEnd(reason: EndReason, atUs: number): void {
    this.#actor?.lostSocket();
    const { trial, standing } = this.#world.ledger;
    if (this.connected) standing.connected -= 1;
    this.#session = null;
    if (this.#vanished) {
      this.connected = false;
      return;
    }
    if (reason.kind !== 'stopped') this.#noteLoss(reason, atUs);
    this.connected = false;
    const reaction = reactTo(reason, this.#world.context.target.transport, this.#world.reconnecting, this.#retryUs);
    if (this.#halted || reaction.kind === 'stop') return;
    const dueUs = this.#nextAttemptUs(reaction, atUs);
    if (dueUs === null) {
      trial.gaveUp += 1;
      if (this.isBehind) standing.behind -= 1;
      this.#gaveUp = true;
    } else {
      this.#world.ledger.sessions.planned(this.rank, dueUs - atUs);
      this.#schedule(dueUs);
    }
  }

  /** It is back, and holds what it held when it was lost. */
  #noteMissed(atUs: number): void {
    const { updates, trial } = this.#world.ledger;
    const newest = updates.newestBy(this.audience, atUs);
    const known = Math.max(this.held ?? newest, this.#missedUpTo);
    trial.missedAway += Math.max(0, newest - known);
    this.#missedUpTo = Math.max(newest, this.#missedUpTo);
  }

  /** The session is kept: what it took to open it counts. */
  #noteUsable(): void {
    recordUs(this.#world.ledger.histograms.connectUs, this.#openedUs - this.#dueUs);
    this.#delayUs = 0;
  }

  /** Replayed is what comes one by one from who was told what the client holds. A change that overtakes a snapshot skips the rest. */
  #noteMadeUp(kind: 'snapshot' | 'update', before: number, version: number): void {
    const isReplay = kind === 'update' && version === before + 1 && this.#world.context.target.asksAfterVersion;
    const madeUp = Math.max(0, Math.min(version, this.#missedUpTo) - before);
    this.#world.ledger.trial[isReplay ? 'madeUpByReplay' : 'madeUpBySnapshot'] += madeUp;
  }

  #noteArrival(atUs: number): void {
    this.#world.ledger.arrived(this.#arrivedUs, atUs);
    this.#arrivedUs = atUs;
  }

  get #isPoll(): boolean {
    const { transport } = this.#world.context.target;
    return transport === 'polling' || transport === 'long-polling';
  }

  #noteLoss(reason: EndReason, atUs: number): void {
    const { trial, sessions } = this.#world.ledger;
    const isTurnedAway = reason.kind === 'closed' && reason.code === 1013 && this.#isFirstOfSession;
    if (this.connected && isTurnedAway) {
      this.#attempt = this.#attemptBefore;
      sessions.turnedAway(this.rank, this.#openedUs, atUs);
    } else if (this.connected) sessions.lost(this.rank, atUs);
    else sessions.refused(atUs);
    if (this.connected) trial.ended += 1;
    else trial.connectFailures += 1;
    if (reason.kind === 'status') {
      trial.failedAnswers += 1;
      this.#world.ledger.answeredWith(reason.status);
    }
    if (this.held !== null) this.#staleFromUs = Math.min(this.#staleFromUs, atUs);
  }

  /** When to try again, or `null` for never. */
  #nextAttemptUs(reaction: Exclude<ReturnType<typeof reactTo>, { kind: 'stop' }>, atUs: number): number | null {
    if (reaction.kind === 'give-up') return null;
    if (reaction.kind === 'wait') return atUs + reaction.delayUs;
    const { backoff } = this.#world.reconnecting;
    const tried = this.#attempt;
    const attempt = tried + (reaction.later ? 1 : 0);
    this.#attempt += 1;
    if (backoff.attempts !== null && tried >= backoff.attempts) return null;
    this.#delayUs = backoffUs(backoff, attempt, backoffRandom(this.#world.seed, this.rank, tried), this.#delayUs);
    return atUs + this.#delayUs;
  }

  /** A poll comes at the next tick of its phase, everything else when it is due. */
  #schedule(dueUs: number): void {
    const { context } = this.#world;
    context.scheduler.at(context.target.transport === 'polling' ? this.#tickFromUs(dueUs) : dueUs, this);
  }

  #tickFromUs(fromUs: number): number {
    const { clients, seed, context } = this.#world;
    const intervalUs = context.pollIntervalUs;
    const phaseUs = pollPhaseUs(this.rank, { clients, intervalUs, seed });
    return Math.ceil((fromUs - phaseUs) / intervalUs) * intervalUs + phaseUs;
  }

  #becomeFresh(before: number | null, version: number, atUs: number): void {
    const { ledger } = this.#world;
    const { updates, standing } = ledger;
    const newest = updates.newest(this.audience);
    this.#freshUs = atUs;
    if (this.#catchingUp !== null && version >= this.#catchingUp.version) {
      recordUs(ledger.histograms.catchUpUs, atUs - this.#catchingUp.sinceUs);
      this.#catchingUp = null;
    }
    if (before === null) standing.holding += 1;
    if (version >= newest && (before === null || before < newest)) standing.behind -= 1;
    this.#noteFreshness(before ?? version, version, atUs);
    this.#staleFromUs = this.#staleSinceUs(before);
    this.#showsVersion(atUs);
  }

  /** Each version counts from when it was intended, those that a newer one stood for as well. */
  #noteFreshness(before: number, version: number, atUs: number): void {
    const { ledger, acting } = this.#world;
    const { updates } = ledger;
    const known = acting === null ? version : Math.min(version, updates.newest(this.audience));
    for (let v = before + 1; v <= known; v++) {
      const intendedUs = updates.intendedUs(this.audience, v);
      const us = atUs - intendedUs;
      // One that nobody was acknowledged has no time.
      if (acting !== null && !Number.isFinite(us)) continue;
      if (updates.inWindow(this.audience, v) && intendedUs >= this.#watchesFromUs) {
        recordUs(ledger.histograms.freshnessUs, us);
        acting?.seen.note(this.audience, v, atUs);
      }
      if (this.#tracked && this.#comparesVersion(v))
        ledger.samples.push({ rank: this.rank, key: updates.toldAs(this.audience, v), us });
    }
    if (version > known) this.#advances.note(Math.max(before, known), version, atUs);
  }

  /**
   * A stream is sent to in connect order, so a canary can be compared with its neighbours in rank. A long-polling server answers in the
   * order in which clients asked again, which is the connect order for the first change only. Who was cut off came back at its own time.
   */
  #comparesVersion(version: number): boolean {
    const { transport } = this.#world.context.target;
    if (transport === 'polling' || this.#world.ledger.sessions.wasLost(this.rank)) return false;
    return transport === 'long-polling' ? version === 1 : this.#world.ledger.updates.inWindow(this.audience, version);
  }

  /** A change that nobody announced made the screen stale before anybody here knew of it. */
  #staleSinceUs(held = this.held): number {
    if (held === null || this.#staleFromUs !== Number.POSITIVE_INFINITY) return this.#staleFromUs;
    return Math.max(this.#shownUs, this.#world.ledger.updates.intendedUs(this.audience, held + 1));
  }

  /** The screen shows what the client holds: the stale time so far is booked, the next begins with the next version. */
  #showsVersion(atUs: number): void {
    if (this.held === null) return;
    const { ledger } = this.#world;
    ledger.stale(this.#staleFromUs, atUs);
    this.#shownUs = atUs;
    this.#staleFromUs = Math.max(atUs, ledger.updates.intendedUs(this.audience, this.held + 1));
  }
}

function noteAttempt(ledger: Ledger, rank: number, dueUs: number): void {
  ledger.attempted(rank, dueUs, nowUs());
}
