// What can be asked of agents, and what is refused in one line each.
import { expect, test } from 'vitest';
import { readAgentRequest } from './agent-request.ts';
import { spellCommand } from './command-line.ts';
import { readRequest } from './request.ts';

const url = 'redis://:secret@127.0.0.1:6379';

function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    return (error as { problems: string[] }).problems;
  }
  return [];
}

const request = (names: string[], values: Record<string, string>, set: string[] = [], environment = {}) =>
  readRequest(names, { values, set, quick: false }, environment);

test('with agents, --redis is where they are met, and the servers keep a Redis of their own', () => {
  const asked = request([], { agents: '8', redis: url, 'serve-as': 'bench.example' });
  expect(asked.crew).toEqual({ count: 8, place: { url, caFile: null }, serveAs: 'bench.example' });
  expect(asked.redisUrl).toBeUndefined();
  expect(request([], { redis: url })).toMatchObject({ crew: null, redisUrl: url });
  expect(request([], { agents: '1' }, [], { REDIS_URL: url })).toMatchObject({
    crew: { place: { url } },
    redisUrl: url,
  });
});

test.each([
  [{ agents: '0', redis: url }, /--agents is '0'|--agents 0/],
  [{ agents: '2' }, /no --redis \(or REDIS_URL\) says where agents and runs meet/],
  [{ agents: '2', redis: 'http://:secret@x' }, /--redis is a http:\/\/ address/],
  [{ agents: '2', redis: url, 'serve-as': 'a:b' }, /--serve-as is 'a:b'; expected a host name or an IPv4 address/],
  [{ 'serve-as': 'x' }, /--serve-as is for agents; expected --agents N/],
  [{ 'redis-ca': 'x' }, /--redis-ca is for agents; expected --agents N/],
])('%j is refused', (values: Record<string, string>, problem) => {
  const problems = problemsOf(() => request([], values));
  expect(problems).toEqual([expect.stringMatching(problem)]);
  expect(problems.join()).not.toContain('secret');
});

test('what agents cannot do is refused, and what they can do otherwise is done so', () => {
  const values = { agents: '2', redis: url };
  expect(problemsOf(() => request(['zombies'], values, ['vanish-by=namespace']))).toEqual(
    expect.arrayContaining([expect.stringMatching(/cannot be cut from here; expected --set vanish-by=freeze/)]),
  );
  expect(request(['zombies'], values).trials.every(({ vanishing }) => vanishing?.by === 'freeze')).toBe(true);
  const balanced = { ...values, contenders: 'sse+nodes=2+balancer=ip-hash' };
  expect(problemsOf(() => request([], balanced))).toEqual([]);
  expect(problemsOf(() => request([], { ...balanced, 'serve-as': 'bench' })).join()).toMatch(
    /clients from many networks/,
  );
});

test('a record repeats the command without the password', () => {
  const command = spellCommand(['bench', '--agents', '8', '--redis', url]);
  expect(command).toBe("npm run bench -- --agents 8 --redis 'redis://:***@127.0.0.1:6379'");
});

test('an agent needs a place and a name that can be shown', () => {
  const read = (values: Record<string, string>) =>
    readAgentRequest(values, { allowedHosts: [], environment: {}, found: [] });
  expect(read({ redis: url, name: 'rack-1.a' })).toMatchObject({ name: 'rack-1.a', place: { url } });
  expect(problemsOf(() => read({ name: 'two words' }))).toHaveLength(2);
});
