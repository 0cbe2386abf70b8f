import { describe, expect, test } from 'vitest';
import { defaultOf, nearestWord, parseSetting, suggest } from './settings.ts';

const duration = { kind: 'duration', default: '2s', min: '20ms', max: '1h', meaning: '' } as const;
const count = { kind: 'count', default: 500, min: 1, max: 200_000, meaning: '' } as const;
const choice = { kind: 'choice', default: 'skip', choices: ['skip', 'queue'], meaning: '' } as const;

describe('a setting', () => {
  test('is read into its value inside', () => {
    expect(parseSetting('x', duration, '500ms')).toEqual({ value: 500_000 });
    expect(parseSetting('x', count, '15')).toEqual({ value: 15 });
    expect(parseSetting('x', choice, 'queue')).toEqual({ value: 'queue' });
    expect(defaultOf(duration)).toBe(2_000_000);
  });

  test.each([
    [duration, '2', "x is '2'; expected a duration with its unit from 20ms to 1h, such as 2s"],
    [duration, '1ms', "x is '1ms'; expected a duration with its unit from 20ms to 1h, such as 2s"],
    [{ ...duration, step: '1ms' }, '20400us', "x is '20400us'; expected whole multiples of 1ms, such as 20ms"],
    [{ ...duration, min: '0ms', step: '1ms' }, '400us', "x is '400us'; expected whole multiples of 1ms, such as 1ms"],
    [count, '0', "x is '0'; expected a whole number from 1 to 200,000"],
    [count, '1e3', "x is '1e3'; expected a whole number from 1 to 200,000"],
    [choice, 'skp', "x is 'skp'; expected one of skip, queue"],
  ])('that is wrong says what was expected', (setting, text, problem) => {
    expect(parseSetting('x', setting, text)).toEqual({ problem });
  });
});

describe('a near miss', () => {
  test.each([
    ['webscoket', 'websocket'],
    ['websockets', 'websocket'],
    ['poling', 'polling'],
    ['ss', 'sse'],
  ])('%s is taken for %s', (typed, meant) => {
    expect(nearestWord(typed, ['polling', 'long-polling', 'sse', 'websocket'])).toBe(meant);
  });

  test('is not seen where nothing is near', () => {
    expect(suggest('grpc', ['polling', 'sse', 'websocket'])).toBe('');
  });
});
