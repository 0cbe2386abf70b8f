import { describe, expect, it } from 'vitest';
import { parseSubject, spellSubject } from '../contract/comparison.ts';
import { canHave } from '../contract/metrics.ts';
import { parseSetting, type Setting } from '../contract/settings.ts';
import { parseContender } from '../plan/contender.ts';
import { kindsOf, populationOf } from '../plan/population.ts';
import { expectedTrialUs, planTrials, settingsOf } from '../plan/trial-plan.ts';
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

  const contendersOf = (texts: readonly string[]) =>
    texts.map((text) => {
      const parsed = parseContender(text);
      if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
      return parsed.contender;
    });
  const secondsOf = (given: Parameters<typeof settingsOf>[1], texts: readonly string[]) => {
    const options = { settings: settingsOf(scenario, given), contenders: contendersOf(texts), repeat: 1, seed: 1 };
    return planTrials(scenario, options).reduce((sum, plan) => sum + expectedTrialUs(plan), 0) / 1e6;
  };

  it('takes less than five minutes by default, and a smoke run less than two thirds of that', () => {
    const quick = Object.entries(scenario.quick).map(([setting, text]) => {
      const parsed = parseSetting(setting, settings[setting] as Setting, text);
      if ('problem' in parsed) throw new Error(parsed.problem);
      return [setting, parsed.value] as const;
    });
    const whole = secondsOf({}, contenders);
    expect(whole).toBeLessThan(280);
    expect(secondsOf(Object.fromEntries(quick), scenario.quickContenders ?? contenders)).toBeLessThan((whole * 2) / 3);
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
