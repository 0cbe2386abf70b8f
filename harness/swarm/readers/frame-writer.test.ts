import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClientOpcode, encodeClientClose, encodeClientFrame, encodeClientPong } from './frame-writer.ts';
import { clientFrameOfWs, longPayload, payload, readWithWs } from './ws-oracle.ts';

describe('frames of a client', () => {
  const clientFrame = fc.record({
    opcode: fc.constantFrom<ClientOpcode[]>(1, 2),
    payload: fc.oneof({ weight: 20, arbitrary: payload }, { weight: 1, arbitrary: longPayload }),
    mask: fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }),
  });

  it('are to the byte those of ws', () => {
    fc.assert(
      fc.property(clientFrame, ({ opcode, payload, mask }) => {
        expect(encodeClientFrame(opcode, payload, mask).equals(clientFrameOfWs(opcode, payload, mask))).toBe(true);
      }),
      { numRuns: 200 },
    );
  }, 20_000);

  it('repeat a ping and name the reason of a close, cut to 123 bytes at a character', () => {
    const pong = encodeClientPong(Buffer.from('xpingx'), 1, 5, 0x01020304);
    const close = encodeClientClose(4001, 'é'.repeat(100), 0xfffefdfc);
    const expected = [`pong ${Buffer.from('ping').toString('hex')}`, `close 4001 ${'é'.repeat(61)}`];
    expect(readWithWs(Buffer.concat([pong, close]), 1000, true)).toEqual(expected);
    expect(readWithWs(encodeClientClose(1005, '', 7), 1000, true)).toEqual(['close 1005 ']);
  });
});
