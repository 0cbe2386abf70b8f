// What one client books, told to the microsecond: freshness and stale time by hand, and what the window leaves out.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Histogram } from '../contract/histogram.ts';
import type { Transport } from '../contract/record.ts';
import { backoffOf } from '../plan/backoff.ts';
import { referenceTarget } from '../targets/reference.ts';
import { ActionLog } from './action-log.ts';
import { type ClientWorld, VirtualClient } from './client.ts';
import { Ledger } from './ledger.ts';
import { Requests } from './requests.ts';
import { Scheduler } from './scheduler.ts';
import type { EndReason, Session } from './session.ts';
import { Sightings } from './sightings.ts';
import { PublishedUpdates } from './update-log.ts';

const address = { host: '127.0.0.1', port: 1 };
const idle: Session = { open() {}, quiesce() {}, settle() {}, close() {}, lose() {}, expire() {}, outstanding: 0 };

let ledger: Ledger;

beforeEach(() => {
  ledger = new Ledger(new PublishedUpdates(1));
  ledger.window = { startUs: 0, endUs: 1_000 };
});

/** A client whose sessions do nothing by themselves: the test tells it what they would. */
function makeClient(transport: Transport, acting: ClientWorld['acting'] = null): VirtualClient {
  const plan = {
    kind: 'reference',
    transport,
    addresses: [address],
    keepAlive: true,
    etag: false,
    authority: null,
  } as const;
  const target = referenceTarget({ ...plan, auth: 'none', token: '' });
  const scheduler = new Scheduler();
  scheduler.stop();
  const context = {
    target,
    scheduler,
    requests: new Requests(target),
    traffic: ledger.traffic,
    tls: null,
    connectTimeoutUs: 1_000,
    requestTimeoutUs: 1_000,
    localPorts: null,
    pollIntervalUs: 100,
    late: 'skip',
    random: () => 0,
  } as const;
  const reconnecting = { backoff: backoffOf('article'), byBrowser: true, retriesOnError: false };
  const world = { context, ledger, makeSession: () => idle, clients: 1, seed: 1, acting, reconnecting };
  return new VirtualClient({ rank: 0, audience: 0, address, tracked: false }, world);
}

/** Versions from `first` on are intended at these moments. */
function plan(client: VirtualClient, intendedUs: readonly number[], first = 1, inWindow = true): void {
  ledger.updates.add(
    intendedUs.map((us, k) => ({ audience: 0, version: first + k, intendedUs: us })),
    inWindow,
  );
  client.onPlanned();
}

/** All that was recorded, ascending. So few and so small values are exact. */
function valuesOf(histogram: Histogram): number[] {
  const count = histogram.totalCount;
  return Array.from({ length: count }, (_, k) => histogram.getValueAtPercentile((100 * (k + 1)) / count));
}

describe('a client catches up after an outage', () => {
  test('when it holds what was newest at the return, or something newer, however it came by it', () => {
    const client = makeClient('websocket');
    client.onVersion('snapshot', 0, 0);
    plan(client, [100, 200, 800]);
    client.onServiceBack(300);
    client.onVersion('update', 1, 310);
    expect(client.isCatchingUp).toBe(true);
    client.onVersion('snapshot', 3, 340);
    client.onVersion('update', 4, 900);
    expect(client.isCatchingUp).toBe(false);
    expect(valuesOf(ledger.histograms.catchUpUs)).toEqual([40]);
  });

  test('at once when it held that before, and when that came before it heard of the return', () => {
    const early = makeClient('websocket');
    early.onVersion('snapshot', 0, 0);
    plan(early, [100]);
    early.onVersion('update', 1, 150);
    early.onServiceBack(300);
    const quick = makeClient('websocket');
    quick.onVersion('snapshot', 1, 320);
    quick.onServiceBack(300);
    expect(valuesOf(ledger.histograms.catchUpUs)).toEqual([0, 20]);
  });

  test('never, when it holds nothing', () => {
    const client = makeClient('websocket');
    plan(client, [100]);
    client.onServiceBack(300);
    expect(client.isCatchingUp).toBe(true);
    expect(ledger.histograms.catchUpUs.totalCount).toBe(0);
  });
});

describe('versions that clients made, of which it is told later when they were intended', () => {
  const acting = () => ({ log: new ActionLog(), seen: new Sightings() });

  test('count from then on as if it had been known, those that a newer one stood for as well', () => {
    const world = acting();
    const client = makeClient('websocket', world);
    client.onVersion('snapshot', 0, 0);
    client.onVersion('update', 1, 150);
    client.onVersion('update', 3, 420);
    expect(ledger.histograms.freshnessUs.totalCount).toBe(0);
    // The third was to be done before the second.
    plan(client, [100, 350, 300]);
    expect(valuesOf(ledger.histograms.freshnessUs)).toEqual([50, 70, 120]);
    client.settle(1_000);
    expect(ledger.inWindow.staleUs).toBe(50 + 120);
    expect(ledger.trial).toMatchObject({ delivered: 2, superseded: 1, missed: 0 });
    expect(world.seen.report().map(({ version, lastUs }) => [version, lastUs])).toEqual([
      [1, 150],
      [2, 420],
      [3, 420],
    ]);
  });

  test('may come after that: then they count at once, and the screen was stale since they were intended', () => {
    const world = acting();
    const client = makeClient('polling', world);
    client.onVersion('snapshot', 0, 0);
    client.onVersion('snapshot', 1, 200);
    plan(client, [100, 150]);
    expect(client.isBehind).toBe(true);
    client.onVersion('snapshot', 2, 300);
    client.settle(1_000);
    expect(client.isBehind).toBe(false);
    expect(valuesOf(ledger.histograms.freshnessUs)).toEqual([100, 150]);
    expect(ledger.inWindow.staleUs).toBe(100 + 100);
  });

  test('are nobody’s where nobody was acknowledged them', () => {
    const world = acting();
    const client = makeClient('sse', world);
    client.onVersion('snapshot', 0, 0);
    client.onVersion('update', 2, 200);
    plan(client, [0, 100]);
    expect(valuesOf(ledger.histograms.freshnessUs)).toEqual([100]);
    expect(world.seen.report().map(({ version }) => version)).toEqual([2]);
    expect(client.lacking).toBe(0);
  });
});

describe('a screen is stale', () => {
  test('from when a version is intended until it, or a newer one, is shown', () => {
    const client = makeClient('websocket');
    client.onVersion('snapshot', 0, 0);
    plan(client, [100, 300, 350, 900]);
    client.onVersion('update', 1, 150); // 50: since 100
    client.onVersion('update', 2, 320); // 20: since 300
    client.onVersion('update', 3, 420); // 70: since 350
    client.settle(1_000); // 100: since 900, and nothing came
    expect(ledger.inWindow.staleUs).toBe(50 + 20 + 70 + 100);
  });

  test('without a break while what is shown is not the newest', () => {
    const client = makeClient('polling');
    client.onVersion('snapshot', 0, 0);
    plan(client, [100, 200, 300]);
    client.onVersion('snapshot', 1, 250); // 150: since 100
    client.onVersion('snapshot', 3, 400); // 150: version 2 was out already
    client.settle(1_000);
    expect(ledger.inWindow.staleUs).toBe(300);
  });

  test('only as far as the window goes', () => {
    const client = makeClient('websocket');
    client.onVersion('snapshot', 0, -300);
    plan(client, [-100, 800]);
    client.onVersion('update', 1, 70); // 70 of 170
    client.onVersion('update', 2, 1_200); // 200 of 400
    client.settle(1_000);
    expect(ledger.inWindow.staleUs).toBe(270);
  });

  test.each(['sse', 'websocket', 'long-polling'] as const)(
    'while it is cut off, until %s is connected again, though nothing is new',
    (transport) => {
      const client = makeClient(transport);
      client.onVersion('snapshot', 0, 0);
      plan(client, [700]);
      client.onEnd({ kind: 'broken', detail: '' }, 200);
      client.onOpen(450); // 250: a resumed stream that has missed nothing is sent nothing
      client.onVersion('update', 1, 730); // 30
      client.settle(1_000);
      expect(ledger.inWindow.staleUs).toBe(280);
    },
  );

  test('while it is cut off, and on until what it missed is shown', () => {
    const client = makeClient('sse');
    client.onVersion('snapshot', 0, 0);
    plan(client, [300]);
    client.onEnd({ kind: 'broken', detail: '' }, 200);
    client.onOpen(450);
    client.onVersion('update', 1, 480);
    expect(ledger.inWindow.staleUs).toBe(280);
  });

  test('over polling from a failed poll to the next answer, also one that says unchanged', () => {
    const client = makeClient('polling');
    client.onVersion('snapshot', 0, 0);
    client.onEnd({ kind: 'status', status: 500, retryAfterUs: null }, 100);
    client.onOpen(200);
    client.onUnchanged(230);
    client.settle(1_000);
    expect(ledger.inWindow.staleUs).toBe(130);
  });

  test('to the end, when it never comes back', () => {
    const client = makeClient('websocket');
    client.onVersion('snapshot', 0, 0);
    client.onEnd({ kind: 'closed', code: 1008 }, 400);
    client.settle(1_000);
    expect(ledger.inWindow.staleUs).toBe(600);
    expect(ledger.trial.gaveUp).toBe(1);
  });
});

describe('freshness', () => {
  test('is counted once for each version, with those that a poll skipped', () => {
    const client = makeClient('polling');
    client.onVersion('snapshot', 0, 0);
    plan(client, [100, 200, 300]);
    client.onVersion('snapshot', 1, 110);
    client.onVersion('snapshot', 1, 210);
    client.onVersion('snapshot', 3, 310);
    expect(valuesOf(ledger.histograms.freshnessUs)).toEqual([10, 10, 110]);
  });

  test('counts a version that came late, or twice, by its first moment', () => {
    const client = makeClient('websocket');
    client.onVersion('snapshot', 0, 0);
    plan(client, [100, 200]);
    client.onVersion('update', 2, 230);
    client.onVersion('update', 1, 240);
    client.onVersion('update', 2, 250);
    expect(valuesOf(ledger.histograms.freshnessUs)).toEqual([30, 130]);
    expect(ledger.trial).toMatchObject({ delivered: 2, outOfOrder: 1, duplicate: 1, missed: 0 });
  });

  test('leaves out what was intended before the window, and what was there on connecting', () => {
    const client = makeClient('sse');
    plan(client, [-200, -100], 1, false);
    client.onVersion('snapshot', 1, -150);
    plan(client, [100], 3);
    client.onVersion('update', 2, 30);
    client.onVersion('update', 3, 160);
    expect(valuesOf(ledger.histograms.freshnessUs)).toEqual([60]);
    expect(ledger.trial.delivered).toBe(2);
  });
});

describe('the window', () => {
  test('takes polls by their intended time, and answers by their own', () => {
    const client = makeClient('polling');
    client.onPolled(-1, 0, 10);
    client.onVersion('snapshot', 0, 10);
    client.onPolled(999, 1_005, 1_030);
    client.onVersion('snapshot', 0, 1_030);
    client.onSkipped(500);
    client.onSkipped(1_000);
    client.onSentLate(999);
    client.onSentLate(1_000);
    expect(ledger.inWindow).toMatchObject({ due: 2, skipped: 1, lateArrivals: 1, answers: 1, unchanged: 0 });
    expect(ledger.trial.answers).toBe(2);
    expect(valuesOf(ledger.histograms.requestUs)).toEqual([31]);
    expect(valuesOf(ledger.histograms.requestUncorrectedUs)).toEqual([25]);
  });
});

test('what a session brings first is the state, though a change overtook the snapshot; a gap after it is missed', () => {
  const client = makeClient('websocket');
  client.onOpen(10);
  client.onVersion('snapshot', 0, 0);
  plan(client, [100, 200, 300, 400, 500]);
  client.onEnd({ kind: 'closed', code: 1006 }, 150);
  client.onOpen(310);
  client.onVersion('update', 3, 320);
  expect(ledger.trial).toMatchObject({ delivered: 1, superseded: 2, missed: 0 });
  client.onVersion('snapshot', 3, 330);
  client.onVersion('update', 5, 510);
  expect(ledger.trial).toMatchObject({ delivered: 2, superseded: 2, missed: 1 });
});

describe('what came out while a client was away', () => {
  test.each([
    ['websocket', [['snapshot', 3]], { madeUpBySnapshot: 2, madeUpByReplay: 0 }],
    ['websocket', [['update', 3]], { madeUpBySnapshot: 2, madeUpByReplay: 0 }],
    ['long-polling', [['snapshot', 3]], { madeUpBySnapshot: 2, madeUpByReplay: 0 }],
    ['sse', [['snapshot', 3]], { madeUpBySnapshot: 2, madeUpByReplay: 0 }],
    [
      'sse',
      [
        ['update', 2],
        ['update', 3],
      ],
      { madeUpBySnapshot: 0, madeUpByReplay: 2 },
    ],
    ['sse', [], { madeUpBySnapshot: 0, madeUpByReplay: 0 }],
  ] as const)('over %s is made up by %j', (transport, brings, madeUp) => {
    ledger.sessions.openWindow(0);
    const client = makeClient(transport);
    client.onOpen(0);
    client.onVersion('snapshot', 0, 0);
    plan(client, [100, 200, 300, 400]);
    client.onVersion('update', 1, 110);
    client.onEnd({ kind: 'closed', code: 1006 }, 150);
    client.onOpen(310);
    for (const [kind, version] of brings) client.onVersion(kind, version, 320);
    if (brings.length > 0) client.onVersion('update', 4, 410); // no part of it: it came out when the client was back
    expect(ledger.trial).toMatchObject({ missedAway: 2, ...madeUp });
  });

  test('is counted once, however often it is cut off before it is made up for', () => {
    ledger.sessions.openWindow(0);
    const client = makeClient('websocket');
    client.onOpen(0);
    client.onVersion('snapshot', 0, 0);
    plan(client, [100, 200, 300]);
    client.onEnd({ kind: 'closed', code: 1006 }, 50);
    client.onOpen(150);
    client.onEnd({ kind: 'closed', code: 1013 }, 160);
    client.onOpen(250);
    client.onVersion('snapshot', 2, 260);
    expect(ledger.trial).toMatchObject({ missedAway: 2, madeUpBySnapshot: 2 });
  });
});

test('a change that overtakes the snapshot of a stream that was cut off replays nothing', () => {
  ledger.sessions.openWindow(0);
  const client = makeClient('sse');
  client.onOpen(0);
  client.onVersion('snapshot', 0, 0);
  plan(client, [100, 200, 300]);
  client.onEnd({ kind: 'broken', detail: '' }, 50);
  client.onOpen(310);
  client.onVersion('update', 3, 320);
  expect(ledger.trial).toMatchObject({ missedAway: 3, madeUpBySnapshot: 3, madeUpByReplay: 0 });
});

test('turned away again and again it waits ever longer, as one does whose handshake is refused, and gives up in the end', () => {
  const delaysUs = (reason: EndReason) => {
    ledger = new Ledger(new PublishedUpdates(1));
    ledger.sessions.openWindow(0);
    const client = makeClient('websocket');
    const due = vi.spyOn(Scheduler.prototype, 'at');
    client.onOpen(0);
    client.onVersion('snapshot', 0, 0);
    client.onEnd({ kind: 'closed', code: 1006 }, 1_000);
    for (let tries = 0; tries < 15; tries++) {
      if (reason.kind === 'closed') client.onOpen(1_000);
      client.onEnd(reason, 1_000);
    }
    const delays = due.mock.calls.map(([dueUs]) => dueUs - 1_000);
    due.mockRestore();
    expect(ledger.trial.gaveUp).toBe(1);
    return delays;
  };
  const told = delaysUs({ kind: 'closed', code: 1013 });
  const refused = delaysUs({ kind: 'status', status: 503, retryAfterUs: null });
  expect(told).toHaveLength(refused.length);
  for (const [k, us] of told.slice(1, -1).entries()) expect(us).toBeGreaterThanOrEqual((refused[k + 1] ?? 0) * 0.7);
  expect(told.at(-1)).toBeGreaterThanOrEqual(30e6);
});

test('a client that is let in only to be told to come later was turned away', () => {
  ledger.sessions.openWindow(0);
  const client = makeClient('websocket');
  client.onOpen(1_000);
  client.onVersion('snapshot', 0, 1_000);
  client.onEnd({ kind: 'closed', code: 1006 }, 12_000);
  client.onOpen(25_000);
  client.onEnd({ kind: 'closed', code: 1013 }, 36_000);
  const { counts, returns } = ledger.sessions.report();
  expect(counts).toEqual({ attempts: [], accepted: [1, 0, 0], refused: [0, 0, 0, 1], lost: [0, 1, 0, 0] });
  expect(returns).toMatchObject([{ rank: 0, backUs: null }]);
  expect(ledger.histograms.connectUs.totalCount).toBe(1);
});

test('a screen that shows nothing yet is stale from the start of the window', () => {
  const empty = makeClient('websocket');
  empty.settle(1_000);
  const late = makeClient('websocket');
  plan(late, [900]);
  late.onVersion('snapshot', 0, 400);
  late.settle(1_000);
  const { startUs } = ledger.window ?? { startUs: 0 };
  expect(ledger.inWindow.staleUs).toBe(1_000 - startUs + (400 - startUs) + 100);
});
