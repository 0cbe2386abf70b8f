// A target file's own code between the swarm and the server: what is asked, what messages tell, and what becomes of it when it throws.
import { expect, test } from 'vitest';
import type { Decoded } from '../contract/target.ts';
import type { TargetDefinition } from './define-target.ts';
import { type ForeignTargetPlan, foreignTarget } from './foreign.ts';

const address = { host: '127.0.0.1', port: 1 };

function open(definition: Partial<TargetDefinition>) {
  const broken: string[] = [];
  const whole: TargetDefinition = { transport: 'polling', url: 'http://127.0.0.1:1/board', ...definition };
  const plan: ForeignTargetPlan = {
    kind: 'foreign',
    transport: whole.transport,
    bundle: '',
    file: 'api.ts',
    url: whole.url,
    addresses: [address],
    isSecure: false,
    authority: null,
    keepAlive: true,
    changes: 'ours',
    base: 0,
  };
  const target = foreignTarget(plan, whole, (problem) => broken.push(problem));
  const read = (message: string): Decoded => {
    const into: Decoded = { kind: 'other', version: 0, intendedUs: 0 };
    const bytes = Buffer.from(`<<${message}>>`);
    target.decode(bytes, 2, bytes.length - 2, into);
    return { ...into };
  };
  return { target, broken, read };
}

test('texts are filled in for who asks, and a header with a version it lacks is left out', () => {
  const { target } = open({
    url: 'http://127.0.0.1:1/board/{audience}?c={client}',
    headers: { 'X-After': '{held}', 'X-Always': 'yes' },
    body: '{"after":"{held}"}',
  });
  expect(target).toMatchObject({ asksAfterVersion: true, asksByRank: true });
  const first = target.request({ address, audience: 2, held: null, rank: 7 });
  expect(first).toMatch(/^POST \/board\/2\?c=7 HTTP\/1\.1\r\n/);
  expect(first).toContain('X-Always: yes\r\n');
  expect(first).not.toContain('X-After');
  expect(first).toMatch(/\r\n\r\n\{"after":""\}$/);
  const next = target.request({ address, audience: 2, held: 9, rank: 7, cookies: 'a=1' });
  expect(next).toContain('X-After: 9\r\n');
  expect(next).toContain('Cookie: a=1\r\n');
});

test('messages tell a version, when it came about, an answer, or nothing', () => {
  const { target, read, broken } = open({
    decode: (message) => {
      if (message === 'ping') return { reply: 'pong' };
      return message === 'noise' ? null : { version: Number(message), changedAt: new Date() };
    },
  });
  expect(read('noise').kind).toBe('other');
  expect(read('ping').kind).toBe('ping');
  expect(target.pong).toBe('pong');
  const before = read('5');
  expect(before).toMatchObject({ kind: 'update', version: 5 });
  // By the monotonic clock, so that two of them are as far apart as they were.
  expect(Math.abs(read('6').intendedUs - before.intendedUs)).toBeLessThan(1e6);
  expect(broken).toEqual([]);
});

test('without decode anything that comes is a message that tells nothing', () => {
  const { target, read } = open({});
  expect(read('anything')).toEqual({ kind: 'snapshot', version: 0, intendedUs: 0 });
  expect(target.greets).toBe(false);
});

test.each([
  [() => JSON.parse('{') as never, /^api\.ts: decode failed on '7': .*JSON/],
  [() => ({ version: '7' as never }), /it gave version "7"; expected a number/],
  [() => ({ version: Number.NaN }), /it gave version null; expected a number/],
  [() => ({ version: 1, changedAt: 'noon' as never }), /it gave changedAt noon; expected a Date or ms/],
  [() => ({ reply: 5 as never }), /it gave a reply that is no text/],
])('a decode that fails in the middle is told once, with the message: %s', (decode, problem) => {
  const { read, broken } = open({ decode });
  expect(read('7').kind).toBe('other');
  read('8');
  expect(broken).toEqual([expect.stringMatching(problem)]);
});

test('headers and onOpen that throw are told as well', () => {
  const fails = () => {
    throw new Error('no token');
  };
  const { target, broken } = open({ transport: 'websocket', url: 'ws://127.0.0.1:1/', onOpen: fails });
  expect(target.firstMessages({ rank: 0, audience: 0 })).toEqual([]);
  expect(broken).toEqual(['api.ts: onOpen failed: no token']);
  const other = open({ headers: fails });
  other.target.request({ address, audience: 0, held: null });
  expect(other.broken).toEqual(['api.ts: headers failed: no token']);
});
