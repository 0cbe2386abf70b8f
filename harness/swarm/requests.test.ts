// A client brings back the cookie it was given, and only that client does; and where networks matter, each has one of its own.
import { expect, test } from 'vitest';
import { type ReferenceTargetPlan, referenceTarget } from '../targets/reference.ts';
import { addressOf, Requests } from './requests.ts';

const plan: ReferenceTargetPlan = {
  kind: 'reference',
  transport: 'polling',
  addresses: [{ host: '127.0.0.1', port: 80 }],
  keepAlive: true,
  etag: false,
  auth: 'cookie',
  token: 'secret',
  authority: null,
};
const asker = (rank: number) => ({ rank, audience: 0, held: null });

test('a cookie comes back from its client alone, beside those it had, without its attributes', () => {
  const requests = new Requests(referenceTarget(plan));
  const cookieOf = (rank: number) =>
    /^Cookie: (.*)$/m.exec(requests.bytes(asker(rank)).toString('latin1').replaceAll('\r', ''))?.[1];
  requests.keepCookie(asker(1), { setCookie: null });
  expect(cookieOf(1)).toBe('token=secret');
  requests.keepCookie(asker(1), { setCookie: 'node=a; Path=/; HttpOnly' });
  expect([cookieOf(0), cookieOf(1)]).toEqual(['token=secret', 'token=secret; node=a']);
  requests.keepCookie(asker(1), { setCookie: 'node=b' });
  expect(cookieOf(1)).toBe('token=secret; node=b');
});

test('clients come from many networks of loopback, the same ones each time', () => {
  const sources = (networksSeed: number) => {
    const target = referenceTarget({ ...plan, networksSeed });
    return Array.from({ length: 500 }, (_, rank) => addressOf(target, rank).from ?? '');
  };
  const first = sources(1);
  expect(sources(1)).toEqual(first);
  expect(sources(2)).not.toEqual(first);
  expect(first.every((source) => /^127\.\d+\.\d+\.\d+$/.test(source) && !source.startsWith('127.0.'))).toBe(true);
  const networks = new Set(first.map((source) => source.split('.').slice(0, 3).join('.')));
  expect(networks.size).toBeGreaterThan(480);
  expect(addressOf(referenceTarget(plan), 7).from).toBeUndefined();
});
