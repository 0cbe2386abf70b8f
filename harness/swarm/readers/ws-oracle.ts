// For tests. Frames made by the sender of ws, what its receiver reads, and payloads worth trying.
import fc from 'fast-check';
import * as ws from 'ws';

interface FrameOptions {
  fin: boolean;
  opcode: number;
  mask: boolean;
  readOnly: boolean;
  rsv1: boolean;
  generateMask?: (mask: Buffer) => void;
}

interface WsReceiver {
  on(event: string, listener: (...values: never[]) => void): void;
  /** Called instead of `write`, which would tell of an error a tick later. */
  _write(chunk: Buffer, encoding: string, done: (error?: { code: string }) => void): void;
}

/** Exported by ws and documented, but missing in its types. */
const { Receiver, Sender } = ws as unknown as {
  Receiver: new (options: { isServer: boolean; maxPayload: number }) => WsReceiver;
  Sender: { frame(data: Buffer, options: FrameOptions): Buffer[] };
};

/** An unmasked frame, as a server sends it. */
export function serverFrame(opcode: number, payload: Uint8Array | string, fin = true): Buffer {
  const options = { fin, opcode, mask: false, readOnly: true, rsv1: false };
  return Buffer.concat(Sender.frame(Buffer.from(payload as Uint8Array), options));
}

const closeCodeOfWsError: Record<string, number> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
};

/** What the receiver of `ws` tells of the same bytes. */
export function readWithWs(wire: Buffer, maxPayload: number, isServer = false): string[] {
  const told: string[] = [];
  const receiver = new Receiver({ isServer, maxPayload });
  receiver.on('message', (payload: Buffer, isBinary: boolean) =>
    told.push(`${isBinary ? 'binary' : 'text'} ${payload.toString('hex')}`),
  );
  receiver.on('ping', (payload: Buffer) => told.push(`ping ${payload.toString('hex')}`));
  receiver.on('pong', (payload: Buffer) => told.push(`pong ${payload.toString('hex')}`));
  receiver.on('conclude', (code: number, reason: Buffer) => told.push(`close ${code} ${reason}`));
  receiver._write(wire, 'buffer', (error) => {
    if (error) told.push(`error ${closeCodeOfWsError[error.code] ?? 1002}`);
  });
  return told;
}

/** The bytes of ws for a masked frame. */
export function clientFrameOfWs(opcode: number, payload: Uint8Array, mask: number): Buffer {
  const generateMask = (bytes: Buffer) => bytes.writeUInt32BE(mask >>> 0);
  const options = { fin: true, opcode, mask: true, readOnly: true, rsv1: false, generateMask };
  return Buffer.concat(Sender.frame(Buffer.from(payload), options));
}

/** Payloads around the lengths at which something changes; text and not. */
export const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => Buffer.from(text)),
  fc.constantFrom(0, 1, 124, 125, 126, 127, 128).map((size) => Buffer.alloc(size, 'a')),
  fc.constantFrom(766, 767, 768, 770, 1000).map((size) => Buffer.alloc(size, 'é')),
);
/** Payloads around the 64 bit length. */
export const longPayload = fc.constantFrom(65_535, 65_536, 70_000).map((size) => Buffer.alloc(size, 'é'));
