// What is known of somebody's own server before it runs: where it is, whom to trust, and which figures cannot be had of it.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MetricName } from '../contract/metrics.ts';
import { parseContender } from '../plan/contender.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Guard } from '../services/guard.ts';
import type { TargetDefinition } from './define-target.ts';
import { foreignSystem } from './foreign-system.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foreign-system-'));
  writeFileSync(join(directory, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n');
  writeFileSync(join(directory, 'key.pem'), '-----BEGIN PRIVATE KEY-----\n');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const prepare = (definition: Partial<TargetDefinition>, postgresUrl?: string) => {
  const whole: TargetDefinition = { transport: 'sse', url: 'https://127.0.0.1:8443/events', ...definition };
  const subject = {
    name: 'api',
    url: whole.url,
    changes: whole.publish === undefined ? 'theirs' : 'ours',
    tellsVersions: whole.decode !== undefined,
  } as const;
  const parsed = parseContender('sse');
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const plan = { contender: { ...parsed.contender, name: 'api', foreign: subject } } as TrialPlan;
  const targets = [{ subject, definition: whole, file: join(directory, 'api.ts'), bundle: 'api.cjs' }];
  return foreignSystem({ guard: {} as Guard, targets, program: 'program.cjs', postgresUrl }).prepare(plan);
};

test('a certificate of its own is trusted by its clients and by what makes its changes', async () => {
  const { target, publish } = await prepare({ ca: 'ca.pem', publish: () => {} });
  expect(target).toMatchObject({ isSecure: true, addresses: [{ host: '127.0.0.1', port: 8443 }] });
  expect(target.authority).toContain('BEGIN CERTIFICATE');
  expect(publish?.env).toEqual({ NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') });
  await expect(prepare({ ca: 'key.pem' })).rejects.toThrow(/api\.ts: ca is 'key\.pem', which holds no certificate/);
  await expect(prepare({ ca: 'no.pem' })).rejects.toThrow(/api\.ts: ca is 'no\.pem': ENOENT/);
});

test.each<[MetricName, Partial<TargetDefinition>, RegExp]>([
  ['freshnessUs', {}, /no decode/],
  ['updates.missed', {}, /no decode/],
  ['updates.published', { decode: () => null }, /makes its changes itself/],
  ['server.cpuMsPerSecond', {}, /neither pid nor metrics/],
  ['system.cpuMsPerSecond', { run: 'x' }, /only the server itself/],
  ['db.poolWaitUs', {}, /only the reference servers/],
  ['storm.dbQueriesPeakPerSecond', {}, /names no role/],
  ['storm.madeUpBySnapshot', { decode: () => null, snapshot: false }, /the next change makes up/],
])('%s cannot be had of %j, for a reason', async (metric, definition, reason) => {
  const { unseen } = await prepare(definition);
  expect(unseen[metric]).toMatch(reason);
});

test('what can be had is not said to be missing', async () => {
  const { unseen } = await prepare({ decode: () => null, publish: () => {}, pid: 1 });
  for (const metric of ['freshnessUs', 'updates.published', 'server.cpuMsPerSecond', 'server.rssBytes'] as const)
    expect(unseen[metric]).toBeUndefined();
});

test('queries are counted of a role in a database that can be read', async () => {
  const reasonOf = async (role?: string, postgres?: string) => {
    const { statements } = (await prepare(role === undefined ? {} : { role }, postgres)).database;
    return statements.available ? null : statements.reason;
  };
  expect(await reasonOf()).toMatch(/names no role/);
  expect(await reasonOf('app')).toMatch(/no --postgres names the database/);
  expect(await reasonOf('app', 'postgres://u:p@127.0.0.1:1/x')).toMatch(
    /pg_stat_statements cannot be read there: .*ECONNREFUSED/,
  );
});

test('a host that has no address is named', async () => {
  await expect(prepare({ url: 'https://nosuch.invalid/events' })).rejects.toThrow(
    /^the address of nosuch\.invalid cannot be found: .*; expected a host of https:\/\/nosuch\.invalid\/events$/,
  );
});
