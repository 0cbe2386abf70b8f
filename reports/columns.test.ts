import { expect, test } from 'vitest';
import { columnsOf } from './columns.ts';
import { buildRecord } from './fixtures/record.ts';

test('servers from target files are compared by their own CPU time, since of the rest of the system nothing is seen', () => {
  const record = buildRecord();
  const trials = record.trials.map((trial) => ({ ...trial, settings: { ...trial.settings, target: 'http://a/' } }));
  const units = (of: typeof record) => columnsOf(of, 'dashboard').map(({ heading }) => heading);
  expect(units(record)).toContain('system CPU ms/s');
  expect(units({ ...record, trials })).toEqual(units(record).map((each) => each.replace('system CPU', 'server CPU')));
});
