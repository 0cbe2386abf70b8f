import { describe, expect, test } from 'vitest';
import { Silence } from './silence.ts';

describe('silence', () => {
  let atUs = 0;
  const clockUs = () => atUs;
  const look = (silence: Silence, afterUs: number) => {
    atUs += afterUs;
    return silence.look();
  };

  test('is as long as nothing was heard, where looks are regular', () => {
    const silence = new Silence(clockUs);
    expect([1e6, 1e6, 0.5e6, 1e6, 1e6].map((us) => look(silence, us))).toEqual([1e6, 2e6, 2.5e6, 3.5e6, 4.5e6]);
    silence.restart();
    expect(look(silence, 1e6)).toBe(1e6);
  });

  test('of a look that comes late itself is no longer than two seconds', () => {
    const silence = new Silence(clockUs);
    look(silence, 1e6);
    expect(look(silence, 60e6)).toBe(3e6);
    expect(look(silence, 1e6)).toBe(4e6);
  });
});
