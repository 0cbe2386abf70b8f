import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Heartbeat } from './heartbeat.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function openBench(withinMs: number | null) {
  const beats: string[] = [];
  const missing: string[] = [];
  const heartbeat = new Heartbeat<string>({
    everyMs: 1_000,
    beat: (name) => beats.push(name),
    answers: { withinMs, onMissing: (name) => missing.push(name) },
  });
  return { beats, missing, heartbeat };
}

describe('Heartbeat', () => {
  it('asks each connection once per interval, spread over it, by one timer', () => {
    const { beats, heartbeat } = openBench(60_000);
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
    const { beats, missing, heartbeat } = openBench(400);
    for (const name of ['answers', 'silent', 'leaves']) heartbeat.add(name);
    vi.advanceTimersByTime(200);
    expect(beats).toEqual(['answers', 'silent', 'leaves']);
    heartbeat.answered('answers');
    heartbeat.remove('leaves');
    vi.advanceTimersByTime(250);
    expect(missing).toEqual([]);
    vi.advanceTimersByTime(750);
    expect(missing).toEqual(['silent']);
    heartbeat.answered('answers');
    vi.advanceTimersByTime(600);
    expect(beats).toEqual(['answers', 'silent', 'leaves', 'answers']);
    expect(missing).toEqual(['silent']);
  });

  it('looks at answers when the next round is due, and no sooner, where that is all it does', () => {
    const { beats, missing, heartbeat } = openBench(null);
    for (const name of ['answers', 'silent']) heartbeat.add(name);
    vi.advanceTimersByTime(100);
    heartbeat.answered('answers');
    vi.advanceTimersByTime(900);
    expect(missing).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(missing).toEqual(['silent']);
    expect(beats).toEqual(['answers', 'silent', 'answers']);
    heartbeat.stop();
  });

  it('hurries through so many rounds when asked, and ends nobody for not answering those', async () => {
    const { beats, missing, heartbeat } = openBench(400);
    for (let index = 0; index < 40; index++) heartbeat.add(String(index));
    const hurried = heartbeat.hurry(3);
    vi.advanceTimersByTime(3 * 20 * 2);
    await hurried;
    expect(beats.length).toBeGreaterThanOrEqual(120);
    expect(missing).toEqual([]);
    heartbeat.stop();
  });

  it('expects no answer where there can be none', () => {
    const beats: string[] = [];
    const heartbeat = new Heartbeat<string>({ everyMs: 1_000, beat: (name) => beats.push(name) });
    heartbeat.add('stream');
    vi.advanceTimersByTime(60_000);
    expect(beats).toHaveLength(60);
  });
});
