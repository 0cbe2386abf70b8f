import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Heartbeat } from './heartbeat.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function openBench(timeoutMs: number | null) {
  const beats: string[] = [];
  const dead: string[] = [];
  const heartbeat = new Heartbeat<string>({
    everyMs: 1_000,
    timeoutMs,
    beat: (name) => beats.push(name),
    onDead: (name) => dead.push(name),
    nowUs: () => Date.now() * 1000,
  });
  return { beats, dead, heartbeat };
}

describe('Heartbeat', () => {
  it('asks each connection once per interval, spread over it, by one timer', () => {
    const { beats, heartbeat } = openBench(null);
    for (let index = 0; index < 40; index++) heartbeat.add(String(index));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(500);
    expect(beats).toHaveLength(20);
    vi.advanceTimersByTime(500);
    expect(new Set(beats).size).toBe(40);
    vi.advanceTimersByTime(1_000);
    expect(beats).toHaveLength(80);
    heartbeat.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends who has not answered in time, and nobody else', () => {
    const { beats, dead, heartbeat } = openBench(1_500);
    for (const name of ['answers', 'silent', 'leaves']) heartbeat.add(name);
    vi.advanceTimersByTime(1_000);
    expect(beats).toHaveLength(3);
    heartbeat.answered('answers');
    heartbeat.remove('leaves');
    vi.advanceTimersByTime(500);
    expect(dead).toEqual([]);
    vi.advanceTimersByTime(1_200);
    heartbeat.answered('answers');
    expect(dead).toEqual(['silent']);
    vi.advanceTimersByTime(1_000);
    expect(beats.filter((name) => name === 'leaves')).toHaveLength(1);
    expect(dead).toEqual(['silent']);
  });
});
