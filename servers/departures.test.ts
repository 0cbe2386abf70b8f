import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tellInTurn } from './departures.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a drain', () => {
  it('tells everyone at once when it may take no time', () => {
    const told: number[] = [];
    tellInTurn([1, 2, 3], 0, (client) => told.push(client));
    expect(told).toEqual([1, 2, 3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells clients evenly over its time, each once and in their order', () => {
    const told: number[] = [];
    const clients = Array.from({ length: 1_000 }, (_, index) => index);
    tellInTurn(clients, 2_000, (client) => told.push(client));
    const after = [0, 500, 500, 1_000].map((ms) => vi.advanceTimersByTime(ms) && told.length);
    expect(after.map((count) => Math.round(count / 50) * 50)).toEqual([0, 250, 500, 1_000]);
    expect(told).toEqual(clients);
    expect(vi.getTimerCount()).toBe(0);
  });
});
