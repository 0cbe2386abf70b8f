// Settings as data: one table says what a setting is called, what it may be, its default and what it means.
// Flags, `--set`, contender spellings and help texts are all read through it.
import { messageOf } from './errors.ts';
import { parseDurationUs, spellDurationUs } from './units.ts';

interface SettingBase {
  readonly meaning: string;
}

export interface DurationSetting extends SettingBase {
  readonly kind: 'duration';
  readonly default: string;
  readonly min: string;
  readonly max: string;
  /** Only whole multiples of it, where what is told knows nothing finer; anything by default. */
  readonly step?: string;
}

export interface CountSetting extends SettingBase {
  readonly kind: 'count';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** Several counts, separated by commas. */
export interface CountsSetting extends SettingBase {
  readonly kind: 'counts';
  readonly default: string;
  readonly min: number;
  readonly max: number;
}

export interface ChoiceSetting extends SettingBase {
  readonly kind: 'choice';
  readonly default: string;
  readonly choices: readonly string[];
}

export type Setting = DurationSetting | CountSetting | CountsSetting | ChoiceSetting;

/** A setting's value inside: a duration is µs, a count a whole number, a choice its word, counts are read by `countsOf`. */
export type SettingValue = number | string;

/** The value that `text` spells, or one line that says what was expected. */
export function parseSetting(
  name: string,
  setting: Setting,
  text: string,
): { value: SettingValue } | { problem: string } {
  const problem = (expected: string) => ({ problem: `${name} is '${text}'; expected ${expected}` });
  if (setting.kind === 'choice') {
    return setting.choices.includes(text) ? { value: text } : problem(`one of ${setting.choices.join(', ')}`);
  }
  if (setting.kind === 'count') {
    const value = parseCount(setting, text);
    return value === null ? problem(`a whole number ${rangeOf(setting)}`) : { value };
  }
  if (setting.kind === 'counts') {
    const values = text.split(',').map((part) => parseCount(setting, part));
    const isList = !values.includes(null) && new Set(values).size === values.length;
    return isList
      ? { value: values.join(',') }
      : problem(`different whole numbers ${rangeOf(setting)}, separated by commas`);
  }
  const us = parseDurationUs(text);
  const fits = us !== null && us >= durationUs(setting.min) && us <= durationUs(setting.max);
  if (fits)
    return fitsStep(us, setting)
      ? { value: us }
      : problem(`whole multiples of ${setting.step}, such as ${nearestStep(us, setting)}`);
  return problem(
    `a duration with its unit from ${setting.min} to ${setting.max}, such as ${setting.default === '0ms' ? '500ms' : setting.default}`,
  );
}

function parseCount({ min, max }: { readonly min: number; readonly max: number }, text: string): number | null {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}

function rangeOf({ min, max }: { readonly min: number; readonly max: number }): string {
  return `from ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}`;
}

/** The numbers of a `counts` setting's value; of a `count` its one. */
export function countsOf(value: SettingValue | undefined): number[] {
  return String(value).split(',').map(Number);
}

function stepUs({ step }: DurationSetting): number {
  return step === undefined ? 1 : durationUs(step);
}

function fitsStep(us: number, setting: DurationSetting): boolean {
  return us % stepUs(setting) === 0;
}

function nearestStep(us: number, setting: DurationSetting): string {
  return spellDurationUs(Math.max(1, Math.round(us / stepUs(setting))) * stepUs(setting));
}

/** The default of a setting, as its value inside. */
export function defaultOf(setting: Setting): SettingValue {
  return setting.kind === 'duration' ? durationUs(setting.default) : setting.default;
}

/** The word of `words` that `typed` most likely meant: at most a third of its letters differ. */
export function nearestWord(typed: string, words: readonly string[]): string | null {
  let nearest: string | null = null;
  let nearestDistance = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const word of words) {
    const distance = editDistance(typed.toLowerCase(), word.toLowerCase());
    if (distance < nearestDistance) {
      nearest = word;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** ` (did you mean 'x'?)`, or nothing when nothing is near. */
export function suggest(typed: string, words: readonly string[]): string {
  const word = nearestWord(typed, words);
  return word === null ? '' : ` (did you mean '${word}'?)`;
}

/** Damerau's distance with adjacent transpositions, as a typist errs. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

function durationUs(text: string): number {
  const us = parseDurationUs(text);
  if (us === null) throw new RangeError(messageOf(`a table of settings holds '${text}', which is no duration`));
  return us;
}
