// Each preset against the delays of the library it is called by, with the same random numbers.
import { experimental } from '@grpc/grpc-js';
import { HubConnectionBuilder, type IRetryPolicy } from '@microsoft/signalr';
import { Centrifuge } from 'centrifuge';
import { EventSource } from 'eventsource';
import { Socket } from 'phoenix';
import { Manager } from 'socket.io-client';
import { afterEach, expect, test, vi } from 'vitest';
import { type BackoffName, backoffOf, backoffUs } from './backoff.ts';
import { seededRandom } from './random.ts';

const nowhere = '127.0.0.1:1';
const clients = 500;
const attempts = 12;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Ours and theirs for many clients; `delayMs` is asked with Math.random answering `random`. */
function compare(name: BackoffName, newClient: () => (attempt: number) => number, toleranceMs: number): void {
  const backoff = backoffOf(name);
  const mock = vi.spyOn(Math, 'random');
  for (let rank = 0; rank < clients; rank++) {
    const draw = seededRandom(7, rank);
    mock.mockReturnValue(0.5); // What they draw while they are made.
    const delayMs = newClient();
    let previousUs = 0;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const random = draw();
      mock.mockReturnValue(random);
      previousUs = backoffUs(backoff, attempt, random, previousUs);
      const theirsMs = delayMs(attempt);
      const label = `${name}, attempt ${attempt}, random ${random}: theirs is ${theirsMs} ms`;
      expect(Math.abs(previousUs / 1000 - theirsMs), label).toBeLessThanOrEqual(toleranceMs);
    }
  }
}

test('socket.io waits as its Manager does, which rounds to ms', () => {
  compare(
    'socket.io',
    () => {
      const manager = new Manager(`http://${nowhere}`, { autoConnect: false });
      const { backoff } = manager as unknown as { backoff: { duration(): number } };
      return () => backoff.duration();
    },
    2,
  );
  expect(new Manager(`http://${nowhere}`, { autoConnect: false }).reconnectionAttempts()).toBe(Infinity);
});

test('centrifuge waits as its client does, which rounds to ms', () => {
  compare(
    'centrifuge',
    () => {
      const client = new Centrifuge(`ws://${nowhere}`) as unknown as { _getReconnectDelay(): number };
      return () => client._getReconnectDelay();
    },
    1,
  );
});

test('grpc waits as its BackoffTimeout does', () => {
  compare(
    'grpc',
    () => {
      const timeout = new experimental.BackoffTimeout(() => {});
      const delays = timeout as unknown as { nextDelay: number };
      // A delay is drawn when the one before it begins.
      let nextMs = delays.nextDelay;
      let isFirst = true;
      return () => {
        if (!isFirst) {
          timeout.runOnce();
          timeout.stop();
          nextMs = delays.nextDelay;
        }
        isFirst = false;
        return nextMs;
      };
    },
    1e-6,
  );
});

test('phoenix waits as its Socket does', () => {
  const socket = new Socket(`ws://${nowhere}`);
  compare('phoenix', () => (attempt) => socket.reconnectAfterMs(attempt + 1), 0);
});

test('signalr waits as its default policy does, and stops when it stops', () => {
  const { reconnectPolicy: policy } = new HubConnectionBuilder().withAutomaticReconnect() as unknown as {
    reconnectPolicy: IRetryPolicy;
  };
  const backoff = backoffOf('signalr');
  const delayMs = (previousRetryCount: number) =>
    policy.nextRetryDelayInMilliseconds({ previousRetryCount, elapsedMilliseconds: 0, retryReason: new Error('cut') });
  for (let attempt = 0; delayMs(attempt) !== null; attempt++)
    expect(backoffUs(backoff, attempt, 0, 0) / 1000).toBe(delayMs(attempt));
  expect(delayMs(backoff.attempts ?? Infinity)).toBeNull();
  expect(delayMs((backoff.attempts ?? Infinity) - 1)).not.toBeNull();
});

test('browser-eventsource waits as the eventsource package does, time after time', async () => {
  vi.useFakeTimers();
  const askedMs: number[] = [];
  const source = new EventSource(`http://${nowhere}`, {
    fetch: () => {
      askedMs.push(performance.now());
      return Promise.reject(new TypeError('refused'));
    },
  });
  await vi.advanceTimersByTimeAsync(31_000);
  source.close();
  const waitedMs = askedMs.slice(1).map((atMs, k) => atMs - (askedMs[k] ?? 0));
  const backoff = backoffOf('browser-eventsource');
  expect(waitedMs).toEqual(Array.from({ length: 10 }, (_, attempt) => backoffUs(backoff, attempt, 0, 0) / 1000));
});
