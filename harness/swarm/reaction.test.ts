import { describe, expect, test } from 'vitest';
import { backoffOf } from '../plan/backoff.ts';
import { reactTo } from './reaction.ts';
import type { EndReason } from './session.ts';

const retryUs = 3_000_000;
const closed = (code: number): EndReason => ({ kind: 'closed', code });
const status = (code: number, retryAfterUs: number | null = null): EndReason => ({
  kind: 'status',
  status: code,
  retryAfterUs,
});
const usual = { backoff: backoffOf('article'), byBrowser: true, retriesOnError: false };
const broken: EndReason = { kind: 'broken', detail: '' };

describe('after a session a client', () => {
  test.each([
    ['websocket', closed(1000), { kind: 'stop' }],
    ['websocket', closed(1001), { kind: 'reconnect', later: false }],
    ['websocket', closed(1006), { kind: 'reconnect', later: false }],
    ['websocket', closed(1008), { kind: 'give-up' }],
    ['websocket', closed(1011), { kind: 'reconnect', later: true }],
    ['websocket', closed(1012), { kind: 'reconnect', later: false }],
    ['websocket', closed(1013), { kind: 'reconnect', later: true }],
    ['websocket', status(503), { kind: 'reconnect', later: false }],
    ['websocket', status(401), { kind: 'reconnect', later: false }],
    ['long-polling', status(401), { kind: 'give-up' }],
    ['sse', broken, { kind: 'wait', delayUs: retryUs }],
    ['sse', status(503), { kind: 'give-up' }],
    ['polling', status(503, 1_000_000), { kind: 'wait', delayUs: 1_000_000 }],
    ['polling', broken, { kind: 'wait', delayUs: 0 }],
    ['long-polling', broken, { kind: 'reconnect', later: false }],
    ['polling', { kind: 'stopped' }, { kind: 'stop' }],
  ] as const)('of %s that ended with %j does %j', (transport, reason, reaction) => {
    expect(reactTo(reason, transport, usual, retryUs)).toEqual(reaction);
  });

  test.each([
    [{ byBrowser: false, retriesOnError: false }, broken, { kind: 'reconnect', later: false }],
    [{ byBrowser: false, retriesOnError: false }, status(503), { kind: 'give-up' }],
    [{ byBrowser: true, retriesOnError: true }, status(503), { kind: 'wait', delayUs: retryUs }],
    [{ byBrowser: false, retriesOnError: true }, status(503), { kind: 'reconnect', later: false }],
    [{ byBrowser: false, retriesOnError: true }, status(401), { kind: 'give-up' }],
  ] as const)('of sse whose application does %j, that ended with %j, does %j', (options, reason, reaction) => {
    expect(reactTo(reason, 'sse', { ...usual, ...options }, retryUs)).toEqual(reaction);
  });
});
