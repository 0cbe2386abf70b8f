import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffOf } from './backoff.ts';
import { backoffOfContender, contenderSettings, parseContender, settingOf } from './contender.ts';

function contender(text: string) {
  const parsed = parseContender(text);
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
  return parsed.contender;
}

function problems(text: string): string[] {
  const parsed = parseContender(text);
  return 'problems' in parsed ? parsed.problems : [];
}

describe('a contender', () => {
  test.each([
    ['polling', 'polling'],
    ['polling+cache=1000ms', 'polling+cache=1s'],
    ['polling+etag', 'polling+etag'],
    ['polling+etag=on+interval=5s', 'polling+interval=5s+etag'],
    ['sse+redis', 'sse+redis'],
    ['sse+feed=redis', 'sse+redis'],
    ['websocket+nodes=2+local', 'websocket+local+nodes=2'],
    ['polling+keep-alive=off', 'polling+keep-alive=off'],
    ['websocket+jitter=full+backoff=fixed', 'websocket+backoff=fixed+jitter=full'],
    ['sse+retry-on-error', 'sse+retry-on-error'],
  ])('spelled %s is called %s', (text, name) => {
    expect(contender(text).name).toBe(name);
  });

  test('has the feed of its transport unless it names one', () => {
    expect(settingOf(contender('websocket'), 'feed')).toBe('redis');
    expect(settingOf(contender('sse'), 'feed')).toBe('postgres');
    expect(settingOf(contender('websocket+postgres'), 'feed')).toBe('postgres');
  });

  test('has the backoff of its transport unless it names one', () => {
    expect(backoffOfContender(contender('websocket'))).toEqual(backoffOf('article'));
    expect(backoffOfContender(contender('sse'))).toEqual(backoffOf('browser-eventsource'));
    expect(backoffOfContender(contender('sse+backoff=fixed+jitter=equal'))).toEqual(backoffOf('fixed', 'equal'));
  });

  test('keeps its canonical name when read again', () => {
    const parts = ['etag', 'cache=1s', 'interval=3s', 'nodes=2', 'auth=cookie', 'keep-alive=off'];
    fc.assert(
      fc.property(fc.shuffledSubarray(parts), (chosen) => {
        const { name } = contender(['polling', ...chosen].join('+'));
        expect(contender(name).name).toBe(name);
        expect(name.split('+').slice(1).sort()).toEqual([...chosen].sort());
      }),
    );
  });

  test.each([
    ['webscoket', "did you mean 'websocket'?"],
    ['polling+cach=1s', "did you mean 'cache'?"],
    ['polling+redis', "polling has no setting 'feed'"],
    ['polling+cache', 'cache needs a value'],
    ['sse+balancer=ip_hash', 'expected one of off, ip-hash, cookie, round-robin, least-conn'],
    ['polling+cache=5', 'expected a duration with its unit'],
    ['polling+cache=1s+cache=2s', 'sets cache twice'],
    ['sse+auth=message', 'expected it with websocket only'],
    ['websocket+backoff=article+jitter=full', 'article, which has its own'],
    ['websocket+jitter=full', 'article, which has its own'],
    ['websocket+backoff=exponentail', 'expected one of immediate, fixed, exponential'],
    ['polling+backoff=fixed', "polling has no setting 'backoff'"],
    ['sse+hasOwnProperty', "sse has no setting 'hasOwnProperty'"],
    ['', "begins with ''"],
  ])('spelled %j is refused with what was expected', (text, part) => {
    expect(problems(text).join('\n')).toContain(part);
  });

  test('that is wrong in two ways is told both', () => {
    expect(problems('polling+cach=1s+etag=maybe')).toHaveLength(2);
  });

  test('never throws on any text, and explains every refusal', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseContender(text);
        if ('problems' in parsed) expect(parsed.problems.length).toBeGreaterThan(0);
      }),
    );
  });
});

test('every contender setting has a meaning', () => {
  for (const { setting } of Object.values(contenderSettings)) expect(setting.meaning).not.toBe('');
});
