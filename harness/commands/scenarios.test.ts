import { describe, expect, it } from 'vitest';
import { parseSubject, spellSubject } from '../contract/comparison.ts';
import { canHave } from '../contract/metrics.ts';
import { parseContender } from '../plan/contender.ts';
import { kindsOf, populationOf } from '../plan/population.ts';
import { settingsOf } from '../plan/trial-plan.ts';
import { scenarioHelp } from './help.ts';
import { scenarios } from './request.ts';

describe.each(scenarios)('the scenario $name', (scenario) => {
  const { name, question, contenders, columns = [], settings } = scenario;
  const transports = contenders.map((text) => {
    const parsed = parseContender(text);
    if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
    return parsed.contender.transport;
  });

  it.each(columns)('shows a figure of the catalogue that one of its contenders can have: %s', (column) => {
    const subject = parseSubject(column);
    if ('problem' in subject) throw new Error(subject.problem);
    expect(spellSubject(subject)).toBe(column);
    const hasFault = settings.fault !== undefined;
    const plan = populationOf(settingsOf(scenario, {}));
    const has = { hasFault, kinds: kindsOf(plan) };
    expect(transports.some((transport) => canHave(subject.metric, { transport, ...has }))).toBe(true);
  });

  it.each(scenario.quickContenders ?? [])('has a contender for --quick that can be read: %s', (text) => {
    expect(parseContender(text)).toHaveProperty('contender');
  });

  it('names each figure once, and few enough for a table', () => {
    expect(new Set(columns).size).toBe(columns.length);
    expect(columns.length).toBeLessThanOrEqual(8);
  });

  it('is told of with its question in --help', () => {
    expect(scenarioHelp()).toContain(name);
    expect(scenarioHelp()).toContain(question);
  });
});
