import { expect, test } from 'vitest';
import type { TargetDefinition } from '../targets/define-target.ts';
import { hostProblems } from '../targets/target-file.ts';
import { readRequest } from './request.ts';

const request = (definition: Partial<TargetDefinition>, names: string[], values: Record<string, string> = {}) => {
  const whole: TargetDefinition = { transport: 'sse', url: 'http://127.0.0.1:1/events', ...definition };
  const subject = { name: 'api', url: whole.url, changes: 'theirs', tellsVersions: true } as const;
  return readRequest(names, { values, set: [], quick: false }, {}, [{ subject, definition: whole, file: 'api.ts' }]);
};

test('a server of one’s own is one contender, with settings of its clients', () => {
  expect(request({}, []).trials.map(({ scenario, contender }) => `${scenario} ${contender.name}`)).toEqual([
    'dashboard api',
  ]);
  const { trials } = request({}, [], { contenders: 'api,api+backoff=fixed' });
  expect(trials.map(({ contender }) => contender.name)).toEqual(['api', 'api+backoff=fixed']);
  expect(() => request({}, [], { contenders: 'api+redis' })).toThrow(/feed is of the reference servers/);
});

test('a storm needs a way to take the server away', () => {
  expect(() => request({}, ['reconnect-storm'])).toThrow(/api\.ts does not say how its server is to be restarted/);
  expect(request({ faults: { restart: 'docker restart api' } }, ['reconnect-storm']).trials).toHaveLength(1);
  expect(request({ run: 'node server.mjs' }, ['reconnect-storm']).trials).toHaveLength(1);
});

test.each([
  'auth',
  'scale-out',
  'rolling-deploy',
  'corporate-proxy',
  'idle-proxy',
  'redis-outage',
  'postgres-restart',
  'zombies',
  'slow-readers',
  'soak',
  'pool-drain',
  'chatty',
])('%s is of the reference servers', (scenario) => {
  const ran = { run: 'node server.mjs', url: 'http://127.0.0.1:1/{audience}' };
  expect(() => request(ran, [scenario])).toThrow(/expected dashboard or reconnect-storm with api\.ts/);
});

test('that clients cannot act is said before anything else', () => {
  expect(() => request({}, ['chatty'])).toThrow(/^in chatty clients act, and api\.ts cannot say how/);
});

test('load goes to this machine, unless the host is named', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', 'localhost', '[::1]'])
    expect(hostProblems(`http://${host}:3000/`, [], 'api.ts')).toEqual([]);
  expect(hostProblems('https://example.org/', ['example.com'], 'api.ts')).toEqual([
    expect.stringContaining('--allow-host example.org'),
  ]);
  expect(hostProblems('https://example.org/', ['example.org'], 'api.ts')).toEqual([]);
});
