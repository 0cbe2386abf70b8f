// In: an opcode, a payload and a seeded mask. Out: the one frame a WebSocket client sends for them.
// Source: RFC 6455 §5.2 and §5.3: clients mask every frame. The mask need not be secret here, so it comes from the caller's seed.

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type ClientOpcode = (typeof opcodes)[keyof typeof opcodes];

/** One unfragmented, masked frame. `mask`: 32 bits, whose four bytes are the masking key in network order. */
export function encodeClientFrame(opcode: ClientOpcode, payload: Uint8Array, mask: number): Buffer {
  const { length } = payload;
  let payloadStart = 6;
  if (length > 65_535) payloadStart = 14;
  else if (length > 125) payloadStart = 8;
  const frame = Buffer.allocUnsafe(payloadStart + length);
  frame[0] = 0x80 | opcode;
  if (payloadStart === 6) frame[1] = 0x80 | length;
  else if (payloadStart === 8) {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 0x80 | 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length % 2 ** 32, 6);
  }
  frame.writeUInt32BE(mask >>> 0, payloadStart - 4);
  for (let i = 0; i < length; i++) {
    frame[payloadStart + i] = (payload[i] as number) ^ (mask >>> (24 - 8 * (i & 3)));
  }
  return frame;
}

/** The answer to a ping: `start` to `end` is the ping's payload, as `FrameHandler.onPing` gets it. */
export function encodeClientPong(buffer: Buffer, start: number, end: number, mask: number): Buffer {
  return encodeClientFrame(opcodes.pong, buffer.subarray(start, end), mask);
}

/** A close frame. `code` 1005 means none is sent; a reason beyond 123 bytes of UTF-8 is cut at a character. */
export function encodeClientClose(code: number, reason: string, mask: number): Buffer {
  if (code === 1005) return encodeClientFrame(opcodes.close, new Uint8Array(0), mask);
  const payload = new Uint8Array(125);
  payload[0] = code >>> 8;
  payload[1] = code & 0xff;
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
  return encodeClientFrame(opcodes.close, payload.subarray(0, 2 + written), mask);
}
