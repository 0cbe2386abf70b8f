import { expect, test } from 'vitest';
import { FreshetError } from '../contract/errors.ts';
import type { Ceiling, CeilingResult, CeilingStep } from '../model/ceiling.ts';
import { describeCeilingPlan } from './ceiling.ts';
import { readCeilingRequest } from './ceiling-request.ts';
import { describeCeilings } from './ceiling-table.ts';

const read = (values: Record<string, string>) => readCeilingRequest({ values, set: [], quick: false }, {});

test('a ceiling is asked for five contenders, and counts dashboards of any interval', () => {
  const request = read({ 'poll-interval': '10s', within: '250ms' });
  expect(request).toMatchObject({ boundUs: 250_000, pollIntervalUs: 10e6, updateIntervalUs: 5e6, out: null });
  expect(request.plans.map(({ clients, windowUs }) => [clients, windowUs])).toEqual(
    Array.from({ length: 5 }, () => [1_000, 2e6]),
  );
  expect(describeCeilingPlan(request)).toContain('until p99 exceeds 250 ms');
});

test('all problems of a ceiling are told at once', () => {
  try {
    read({ within: '5', clients: 'many', 'poll-interval': '2', out: ' ' });
    expect.unreachable();
  } catch (error) {
    expect(error instanceof FreshetError ? error.problems.map((line) => line.split(' is ')[0]) : error).toEqual([
      '--within',
      '--out',
      '--poll-interval',
      '--clients',
    ]);
  }
});

test('a closed loop drives one node', () => {
  expect(() => read({ contenders: 'polling+nodes=2,sse+nodes=2' })).toThrow(
    /^polling\+nodes=2 has 2 nodes; expected one/,
  );
});

test('the table fits 80 columns, marks lower bounds and says what gave out', () => {
  const cores = { servers: 0.4, postgres: 1.5, relay: null, redis: null, generator: 0.1, machine: 2 };
  const step: CeilingStep = {
    load: '64 connections',
    perSecond: 1_677,
    p99Us: 9e5,
    cores,
    poolWaiting: 0,
    failed: 'p99 900 ms, over 500 ms',
  };
  const ceiling: Ceiling = {
    perSecond: 22_873,
    dashboards: 45_746,
    gaveOut: 'database CPU',
    isLowerBound: true,
    because: 'all cores were busy',
  };
  const result: CeilingResult = {
    schema: 'freshet.ceiling/1',
    cores: 2,
    boundUs: 500_000,
    pollIntervalUs: 2e6,
    updateIntervalUs: 5e6,
    contenders: [
      { contender: 'polling+cache=1s', unit: 'polls', ceiling, mostConnections: 19_890, steps: [step] },
      { contender: 'websocket+nodes=2', unit: 'messages', ceiling: null, mostConnections: null, steps: [step] },
    ],
  };
  const text = describeCeilings(result);
  expect(text).toContain('≥ 22,873 polls');
  expect(text).toContain('polling+cache=1s: all cores were busy; 64 connections: p99 900 ms');
  expect(text).toContain('websocket+nodes=2: bore not even the lowest load');
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
