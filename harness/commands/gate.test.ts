import { expect, test } from 'vitest';
import type { HealthFinding, TrialRecord } from '../contract/record.ts';
import { refuseInvalid } from './gate.ts';

const trial = (...health: HealthFinding[]) => ({ trials: [{ health } as unknown as TrialRecord] });
const late: HealthFinding = { severity: 'fatal', code: 'PUBLISHER_LATE', message: '', voids: ['freshnessUs'] };
const wrong: HealthFinding = { severity: 'fatal', code: 'COUNTS_DO_NOT_RECONCILE', message: '' };

test('counts can be gated on a machine too busy for timings, and timings cannot', () => {
  const records = { baseline: trial(late), candidate: trial() };
  expect(() => refuseInvalid(records, { deterministicOnly: true })).not.toThrow();
  expect(() => refuseInvalid(records, { deterministicOnly: false })).toThrow(
    /no trial of the baseline .*PUBLISHER_LATE/,
  );
});

test('counts that are wrong are gated by nothing', () => {
  const records = { baseline: trial(), candidate: trial(late, wrong) };
  for (const deterministicOnly of [true, false])
    expect(() => refuseInvalid(records, { deterministicOnly })).toThrow(/no trial of the candidate .*COUNTS_DO_NOT/);
});
