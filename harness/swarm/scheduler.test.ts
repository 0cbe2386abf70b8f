import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Scheduler } from './scheduler.ts';

describe('the scheduler', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const nowUs = () => Number(process.hrtime.bigint() / 1000n);

  test('runs every task once, in the order of due times, and none early', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500_000), { maxLength: 200 }), (offsetsUs) => {
        const scheduler = new Scheduler();
        const startUs = nowUs();
        const ran: number[] = [];
        for (const offsetUs of offsetsUs) {
          scheduler.at(startUs + offsetUs, {
            run: (dueUs) => {
              expect(nowUs()).toBeGreaterThanOrEqual(dueUs);
              ran.push(dueUs - startUs);
            },
          });
        }
        vi.advanceTimersByTime(502);
        expect(ran).toEqual([...offsetsUs].sort((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  test('runs a task that is due before all others first, though it came last', () => {
    const scheduler = new Scheduler();
    const ran: string[] = [];
    scheduler.at(nowUs() + 50_000, { run: () => ran.push('late') });
    scheduler.at(nowUs() + 10_000, { run: () => ran.push('early') });
    vi.advanceTimersByTime(11);
    expect(ran).toEqual(['early']);
  });

  test('lets a task schedule the next one, and keeps the due times of both', () => {
    const scheduler = new Scheduler();
    const startUs = nowUs();
    const dues: number[] = [];
    const task = {
      run(dueUs: number) {
        dues.push(dueUs - startUs);
        if (dues.length < 5) scheduler.at(dueUs + 20_000, task);
      },
    };
    scheduler.at(startUs + 20_000, task);
    vi.advanceTimersByTime(200);
    expect(dues).toEqual([20_000, 40_000, 60_000, 80_000, 100_000]);
  });

  test('runs nothing any more once it is stopped', () => {
    const scheduler = new Scheduler();
    scheduler.at(nowUs() + 1_000, { run: () => expect.unreachable() });
    scheduler.stop();
    scheduler.at(nowUs(), { run: () => expect.unreachable() });
    vi.advanceTimersByTime(10);
  });
});
