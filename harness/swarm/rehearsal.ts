// Before anything counts, a shard opens and closes some sessions: code that never ran is several times slower, in the servers and here,
// and the trial is about code that did. Nothing of it is booked.
import { nowUs } from '../contract/clock.ts';
import { addressOf, Requests } from './requests.ts';
import type { Session, SessionContext, SessionListener, SessionMaker } from './session.ts';

const sessions = 100;
const atOnce = 10;

/** Whatever happens, the trial goes on after this. */
const patienceMs = 5_000;

/** Resolves when all sessions had their first answer or failed; those that hang are closed, so that none reaches into the trial. */
export function rehearse(context: SessionContext, makeSession: SessionMaker): Promise<void> {
  const own = {
    ...context,
    traffic: { bytesIn: 0, bytesOut: 0, payloadIn: 0, payloadOut: 0 },
    requests: new Requests(context.target),
  };
  const open = new Set<Session>();
  return new Promise((resolve) => {
    let begun = 0;
    const next = () => {
      if (begun < sessions) begin(begun++, { context: own, makeSession, open, onDone: next });
      else if (open.size === 0) finish();
    };
    const finish = () => {
      clearTimeout(patience);
      begun = sessions;
      for (const session of open) session.close();
      resolve();
    };
    const patience = setTimeout(finish, patienceMs);
    for (let lane = 0; lane < atOnce; lane++) next();
  });
}

/** Enough for a greeting that tells no version, and the answer to it. */
const untoldMs = 20;

interface Rehearsal {
  readonly context: SessionContext;
  readonly makeSession: SessionMaker;
  /** Sessions that have not ended. */
  readonly open: Set<Session>;
  onDone(): void;
}

function begin(rank: number, { context, makeSession, open, onDone }: Rehearsal): void {
  const close = () => setImmediate(() => session.close());
  const listener: SessionListener = {
    onOpen() {
      // Whom nobody tells the state would wait for a change that is not made yet.
      if (!context.target.greets) setTimeout(close, untoldMs);
    },
    onVersion: close,
    onUnchanged: close,
    onPolled() {},
    onPollFailed() {},
    onPollRefused: close,
    onSkipped() {},
    onSentLate() {},
    onRetryDelay() {},
    onActed() {},
    onEnd() {
      open.delete(session);
      onDone();
    },
  };
  const place = { rank, audience: 0, address: addressOf(context.target, rank), held: null };
  const session: Session = makeSession(place, listener, context);
  open.add(session);
  session.open(nowUs());
}
