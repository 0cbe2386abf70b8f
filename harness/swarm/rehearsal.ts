// Before anything counts, a shard opens and closes some sessions: code that never ran is several times slower, in the servers and here,
// and the trial is about code that did. Nothing of it is booked.
import { nowUs } from '../contract/clock.ts';
import { addressOf } from './requests.ts';
import type { Session, SessionContext, SessionListener, SessionMaker } from './session.ts';

const sessions = 100;
const atOnce = 10;

/** Whatever happens, the trial goes on after this. */
const patienceMs = 5_000;

/** Resolves when all sessions had their first answer or failed. */
export function rehearse(context: SessionContext, makeSession: SessionMaker): Promise<void> {
  const ownTraffic = { ...context, traffic: { bytesIn: 0, bytesOut: 0, payloadIn: 0, payloadOut: 0 } };
  return new Promise((resolve) => {
    let begun = 0;
    let ended = 0;
    const next = () => {
      if (begun === sessions) return;
      begin(begun++, ownTraffic, makeSession, () => {
        ended += 1;
        if (ended === sessions) resolve();
        else next();
      });
    };
    setTimeout(resolve, patienceMs).unref();
    for (let lane = 0; lane < atOnce; lane++) next();
  });
}

function begin(rank: number, context: SessionContext, makeSession: SessionMaker, onDone: () => void): void {
  const close = () => setImmediate(() => session.close());
  const listener: SessionListener = {
    onOpen() {},
    onVersion: close,
    onUnchanged: close,
    onPolled() {},
    onSkipped() {},
    onSentLate() {},
    onRetryDelay() {},
    onEnd: onDone,
  };
  const place = { rank, audience: 0, address: addressOf(context.target, rank), held: null };
  const session: Session = makeSession(place, listener, context);
  session.open(nowUs());
}
