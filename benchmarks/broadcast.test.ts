// The benchmark on a few clients, so that it cannot rot: every part of it real, its CPU figures of no account.
import { describe, expect, it } from 'vitest';
import { rows } from './broadcast/rows.ts';
import { runBroadcast } from './broadcast/run.ts';
import { figureOf, type Line, linesOf, renderLines } from './broadcast/table.ts';

const measure = async (names: readonly string[]): Promise<Map<string, Line>> => {
  const measured = await runBroadcast({
    rows: rows.filter(({ name }) => names.includes(name)),
    clients: [50],
    repeat: 1,
    rounds: 1,
    messagesPerRound: 100,
    warmUpMessages: 100,
    signal: new AbortController().signal,
    onTrial: () => undefined,
  });
  return new Map(linesOf(measured).map((line) => [line.name, line]));
};

describe('bench:broadcast', () => {
  it('counts one write a message for floor and server, and reads relay, Redis and Postgres beside them', async () => {
    const lines = await measure(['floor: push', 'sse+redis']);
    const [floor, stream] = [lines.get('floor: push'), lines.get('sse+redis')];
    for (const line of [floor, stream]) {
      // A few calls wake threads or ask for the new state; they are no messages.
      expect(line?.writes?.median).toBeGreaterThanOrEqual(1);
      expect(line?.writes?.median).toBeLessThan(1.4);
      expect(line?.serverUs).not.toBeNull();
    }
    expect(floor).toMatchObject({ toFloor: 1, relayUs: null, redisUs: null, postgresUs: null });
    expect(stream?.toFloor).not.toBeNull();
    for (const used of [stream?.relayUs, stream?.redisUs, stream?.postgresUs]) expect(used).toMatchObject({ count: 1 });
  });

  it('takes the middle, and tells what is missing', () => {
    expect(figureOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, count: 3 });
    expect(figureOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4, count: 4 });
    expect(figureOf([10, 9])).toMatchObject({ min: 9, max: 10 });
    expect(figureOf([1, null])).toBeNull();
    expect(figureOf([])).toBeNull();
  });

  it('sets each server against the floor of its own exchange and number of clients', () => {
    const trial = (serverUs: number) => {
      const none = { writes: null, relayUs: null, redisUs: null, postgresUs: null };
      return { rounds: [{ serverUs, ...none }], rssBytesPerConnection: 4_560, kernelBytesPerConnection: null };
    };
    const cell = (name: string, clients: number, serverUs: number) => {
      const row = rows.find((each) => each.name === name);
      if (row === undefined) throw new Error(`no row ${name}`);
      return { row, clients, trials: [trial(serverUs)] };
    };
    const lines = linesOf([
      cell('floor: push', 100, 10),
      cell('floor: push', 1_000, 8),
      cell('floor: hold', 1_000, 16),
      cell('websocket', 1_000, 12),
      cell('long-polling', 1_000, 40),
    ]);
    expect(lines.map(({ toFloor }) => toFloor)).toEqual([1, 1, 1, 1.5, 2.5]);
    const rendered = renderLines(lines).split('\n');
    expect(rendered[5]).toMatch(/^websocket +1,000 +12 +12–12 +1\.50 +– +– +– +– +4\.6 +–$/);
  });
});
