// The part of --help that is made from tables: the scenarios and their settings, how contenders are spelled, and what may be required.

import { capabilities } from '../contract/capabilities.ts';
import { spellSubject } from '../contract/comparison.ts';
import { shortNames } from '../contract/requirement.ts';
import type { Setting } from '../contract/settings.ts';
import { contenderSettings } from '../plan/contender.ts';
import { scenarios } from './request.ts';

/** What can be asked. */
export function scenarioHelp(): string {
  return ['Scenarios:', ...scenarios.map(({ name, question }) => `  ${name.padEnd(18)} ${question}`)].join('\n');
}

/** What can be set: what most scenarios share once, then what is otherwise in each. */
export function settingHelp(): string {
  const all = scenarios.map(({ name, settings }) => ({ name, lines: Object.entries(settings).map(settingLine) }));
  const isShared = (line: string) => all.filter(({ lines }) => lines.includes(line)).length > all.length / 2;
  const shared = [...new Set(all.flatMap(({ lines }) => lines))].filter(isShared);
  return [
    ['Settings of all scenarios, for --set name=value:', ...shared].join('\n'),
    ...all.map(({ name, lines }) =>
      [`Besides, or instead, of ${name}:`, ...lines.filter((line) => !isShared(line))].join('\n'),
    ),
  ].join('\n\n');
}

function settingLine([name, setting]: [string, Setting]): string {
  return `  ${name.padEnd(18)} ${setting.meaning} (${setting.default}${choicesOf(setting)})`;
}

export function contenderHelp(): string {
  const lines = Object.entries(contenderSettings).map(
    ([key, { transports, setting }]) =>
      `  +${key.padEnd(18)} ${setting.meaning} (${transports.join(', ')}${choicesOf(setting)})`,
  );
  return [
    'Contenders: polling, long-polling, sse, websocket, each with settings behind a +, such as polling+cache=1s, sse+redis:',
    ...lines,
  ].join('\n');
}

function choicesOf(setting: Setting): string {
  return setting.kind === 'choice' ? `; ${setting.choices.join(' | ')}` : '';
}

/** What `--require` takes. */
export function requirementHelp(): string {
  const names = Object.entries(shortNames).map(([name, subject]) => `  ${name.padEnd(30)} ${spellSubject(subject)}`);
  const able = Object.entries(capabilities).map(([name, { meaning }]) => `  ${name.padEnd(30)} ${meaning}`);
  return [
    "Requirements: a limit to a figure of the record, such as 'freshness<3s' or 'storm.attempts<5000', or a capability",
    ...names,
    ...able,
  ].join('\n');
}
