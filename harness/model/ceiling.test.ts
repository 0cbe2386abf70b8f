import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CeilingStep, ceilingOf, isStillRising, whatGaveOut } from './ceiling.ts';

const machine = { cores: 2, nodes: 1, poolSize: 10 };
const idle = { servers: 0, postgres: 0, relay: null, redis: null, generator: 0, machine: null };

function step(perSecond: number, more: Partial<CeilingStep> = {}): CeilingStep {
  return { load: '', perSecond, p99Us: 1_000, cores: idle, poolWaiting: 0, failed: null, ...more };
}

describe('what gave out', () => {
  test.each([
    ['generator', { ...idle, servers: 0.95, generator: 0.92 }, 0, true],
    ['server CPU', { ...idle, servers: 0.97, postgres: 0.3, generator: 0.5 }, 0, false],
    ['relay CPU', { ...idle, relay: 0.96, generator: 0.1 }, 0, false],
    ['database CPU', { ...idle, servers: 0.4, postgres: 1.5, generator: 0.05 }, 20, false],
    ['database CPU', { ...idle, servers: 0.5, postgres: 0.9, generator: 0.5 }, 20, true],
    ['database CPU', { ...idle, servers: 0.2, postgres: 1.3, generator: 0.05, machine: 1.95 }, 20, true],
    ['pool', { ...idle, servers: 0.2, postgres: 0.1, machine: 0.4 }, 20, false],
    ['nothing', { ...idle, servers: 0.2, postgres: 0.1 }, 9, true],
    ['nothing', { ...idle, servers: 0.2, postgres: 0.1 }, 0, true],
  ] as const)('is the %s', (gaveOut, cores, poolWaiting, isLowerBound) => {
    expect(whatGaveOut({ cores, poolWaiting }, machine)).toMatchObject({ gaveOut, isLowerBound });
  });

  test('names what others on the machine took', () => {
    const cores = { ...idle, servers: 0.2, postgres: 1.3, generator: 0.05, machine: 1.95 };
    expect(whatGaveOut({ cores, poolWaiting: 0 }, machine).because).toBe(
      'all cores were busy: servers 0.2, Postgres 1.3; the generator took 0.05, other processes 0.4 of 2 cores',
    );
  });

  test('is nothing where no core can be seen, and so no more than a lower bound', () => {
    const unseen = { servers: null, postgres: null, relay: null, redis: null, generator: null, machine: null };
    expect(whatGaveOut({ cores: unseen, poolWaiting: 0 }, machine)).toMatchObject({
      gaveOut: 'nothing',
      isLowerBound: true,
    });
  });
});

describe('a ceiling', () => {
  test('is the most that was borne, and is named after the busiest step', () => {
    const steps = [
      step(1_000),
      step(4_000),
      step(5_000, { failed: 'p99 over 500 ms', cores: { ...idle, servers: 0.99 } }),
    ];
    expect(ceilingOf(steps, { machine, dashboardsPerUnit: 2 })).toMatchObject({
      perSecond: 4_000,
      dashboards: 8_000,
      gaveOut: 'server CPU',
      isLowerBound: false,
    });
  });

  test('with more than was borne but nothing used up is of unclear cause, and so a lower bound', () => {
    const steps = [step(1_000), step(2_000, { failed: 'late' })];
    expect(ceilingOf(steps, { machine, dashboardsPerUnit: 1 })).toMatchObject({
      gaveOut: 'unclear',
      isLowerBound: true,
    });
  });

  test('is none where nothing was borne', () => {
    expect(ceilingOf([], { machine, dashboardsPerUnit: 1 })).toBeNull();
    expect(ceilingOf([step(10, { failed: 'late' })], { machine, dashboardsPerUnit: 1 })).toBeNull();
  });

  test('never exceeds what some step bore, and no step bore more', () => {
    const steps = fc.array(
      fc
        .record({ perSecond: fc.integer({ min: 0, max: 1e6 }), isBorne: fc.boolean() })
        .map(({ perSecond, isBorne }) => step(perSecond, { failed: isBorne ? null : 'late' })),
    );
    fc.assert(
      fc.property(steps, (some) => {
        const borne = some.filter(({ failed }) => failed === null).map(({ perSecond }) => perSecond);
        const ceiling = ceilingOf(some, { machine, dashboardsPerUnit: 1 });
        expect(ceiling?.perSecond ?? null).toBe(borne.length === 0 ? null : Math.max(...borne));
      }),
    );
  });

  test('is reached when a higher load brings little more, or is not borne', () => {
    expect(isStillRising([])).toBe(true);
    expect(isStillRising([step(100), step(200)])).toBe(true);
    expect(isStillRising([step(100), step(104)])).toBe(false);
    expect(isStillRising([step(100), step(200, { failed: 'late' })])).toBe(false);
  });
});
