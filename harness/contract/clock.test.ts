import { execFileSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { clockShiftVariable, followClock, machineUs, nowUs, offsetAt, sleepUntilUs } from './clock.ts';

afterEach(() => followClock(null));

test('tells the time of the clock that is followed, drift included, and this machine’s again', async () => {
  const atUs = machineUs();
  followClock({ atUs, offsetUs: -3_000_000, driftPpm: 500_000 });
  await sleepUntilUs(atUs - 3_000_000 + 30_000);
  const [ours, theirs] = [machineUs(), nowUs()];
  // A clock that is half as fast again as ours has come as far in two thirds of the time.
  expect(ours - atUs).toBeGreaterThanOrEqual(20_000);
  expect(Math.abs(theirs - (ours - 3_000_000 + (ours - atUs) / 2))).toBeLessThan(1_000);
  followClock(null);
  expect(Math.abs(nowUs() - machineUs())).toBeLessThan(1_000);
});

test('an offset grows by its drift', () => {
  expect(offsetAt({ atUs: 1e6, offsetUs: 50, driftPpm: 20 }, 11e6)).toBeCloseTo(250, 6);
});

/** `machineUs` of a process that was given this shift. */
function readShifted(shift: string): number {
  const clock = new URL('clock.ts', import.meta.url).href;
  const code = `import(${JSON.stringify(clock)}).then(({ machineUs }) => console.log(machineUs()))`;
  const environment = { ...process.env, [clockShiftVariable]: shift };
  return Number(
    execFileSync(process.execPath, ['--import', 'tsx', '-e', code], { env: environment, encoding: 'utf8' }),
  );
}

test('a process can be given the clock of another machine', () => {
  const before = machineUs();
  const shifted = readShifted('5000000000,100');
  const after = machineUs();
  const aheadUs = (us: number) => us + 5e9 + us / 1e4;
  expect(shifted).toBeGreaterThanOrEqual(Math.floor(aheadUs(before)));
  expect(shifted).toBeLessThanOrEqual(Math.ceil(aheadUs(after)));
  expect(() => readShifted('soon')).toThrow(/is 'soon'; expected µs/);
});
