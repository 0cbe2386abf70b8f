import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dashboard, encodeMessage, Message, parseMessage } from './message.ts';
import { messagePrefix } from './protocol.ts';

const dashboards: fc.Arbitrary<Dashboard> = fc.record({
  audience: fc.nat(),
  version: fc.nat(),
  intendedUs: fc.nat(),
  tiles: fc.array(
    fc.record({ name: fc.string({ unit: 'grapheme' }), count: fc.nat(), total: fc.nat(), mean: fc.nat() }),
  ),
});

describe('encodeMessage', () => {
  it('begins with the documented prefix, has the asked size, and is JSON of the dashboard', () => {
    fc.assert(
      fc.property(dashboards, fc.constantFrom('snapshot', 'update'), fc.nat(5_000), (dashboard, type, payloadBytes) => {
        const json = encodeMessage(type, dashboard, payloadBytes);
        const { version, intendedUs } = dashboard;
        expect(json.startsWith(`${messagePrefix[type]}${version}${messagePrefix.intendedUs}${intendedUs},`)).toBe(true);
        const { padding, ...rest } = JSON.parse(json);
        expect(rest).toEqual({ type, ...dashboard });
        if (padding !== '') expect(Buffer.byteLength(json)).toBe(payloadBytes);
        else expect(Buffer.byteLength(json)).toBeGreaterThanOrEqual(payloadBytes);
      }),
    );
  });
});

describe('Message', () => {
  it('frames each form once', () => {
    let framed = 0;
    const frame = (json: string): Buffer => Buffer.from(`${framed++} ${json}`);
    const message = new Message({ audience: 0, version: 1, intendedUs: 2, tiles: [] }, 200);
    expect(message.framed('update', frame)).toBe(message.framed('update', frame));
    expect(message.framed('snapshot', frame)).not.toBe(message.framed('update', frame));
    expect(framed).toBe(2);
  });

  it('passes on the text that came from the relay, and makes the other form of it', () => {
    fc.assert(
      fc.property(dashboards, fc.constantFrom('update', 'snapshot'), (dashboard, type) => {
        const json = encodeMessage(type, dashboard, 700);
        const parsed = parseMessage(json, 700);
        expect(parsed?.type).toBe(type);
        expect(parsed?.message.json(type)).toBe(json);
        const other = type === 'update' ? 'snapshot' : 'update';
        expect(parsed?.message.json(other)).toBe(encodeMessage(other, dashboard, 700));
      }),
    );
  });
});
