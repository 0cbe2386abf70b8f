// The published JSON Schema says what the code says, and a record that the code accepts is one that any JSON Schema reader accepts.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { metricNames } from '../harness/contract/metrics.ts';
import { runRecord, runRecordJsonSchema } from '../harness/contract/record.ts';
import { buildRecord } from '../reports/fixtures/record.ts';

describe('the run record’s JSON Schema', () => {
  test('is published as the code has it (npx vitest run tests/record-schema -u writes it anew)', async () => {
    await expect(`${JSON.stringify(runRecordJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      '../docs/run-record.schema.json',
    );
  });

  test('accepts a record and refuses one with a figure that has neither value nor reason', () => {
    const validate = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(runRecordJsonSchema());
    const record = runRecord.parse(buildRecord());
    expect(validate(record), JSON.stringify(validate.errors)).toBe(true);
    const broken = structuredClone(record) as { trials: { metrics: Record<string, unknown> }[] };
    const [trial] = broken.trials;
    if (trial === undefined) throw new Error('the fixture has no trial');
    trial.metrics['db.poolTimeouts'] = { unit: 'count', value: null };
    expect(validate(broken)).toBe(false);
  });

  test('refuses a scenario’s column that names no figure', () => {
    const record = (column: string) => ({
      ...buildRecord(),
      scenarios: { some: { question: '?', columns: [column] } },
    });
    expect(runRecord.safeParse(record('freshnessUs.p99')).success).toBe(true);
    expect(runRecord.safeParse(record('freshness.p99')).error?.issues).toMatchObject([{ message: 'names no figure' }]);
  });

  test('knows every metric of the catalogue', () => {
    const text = JSON.stringify(runRecordJsonSchema());
    for (const name of metricNames) expect(text).toContain(`"${name}"`);
  });
});
