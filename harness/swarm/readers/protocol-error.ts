// What a reader reports when the other side breaks the protocol: a stable code, a sentence, and for WebSocket the close code to send.
// A plain object, not an Error: a broken stream is a measurement, and 20,000 of them at once must not take 20,000 stacks.

/** Stable: counted and compared across runs. */
export type ProtocolErrorCode =
  | 'HTTP_BAD_STATUS_LINE'
  | 'HTTP_BAD_LINE_ENDING'
  | 'HTTP_BAD_HEADER'
  | 'HTTP_FOLDED_HEADER'
  | 'HTTP_HEAD_TOO_LARGE'
  | 'HTTP_BAD_CONTENT_LENGTH'
  | 'HTTP_DUPLICATE_CONTENT_LENGTH'
  | 'HTTP_LENGTH_AND_TRANSFER_ENCODING'
  | 'HTTP_UNSUPPORTED_TRANSFER_ENCODING'
  | 'HTTP_BAD_CHUNK_SIZE'
  | 'HTTP_CHUNK_SIZE_TOO_LARGE'
  | 'HTTP_BAD_CHUNK_EXTENSION'
  | 'HTTP_CHUNK_LINE_TOO_LONG'
  | 'HTTP_BAD_CHUNK_END'
  | 'HTTP_DATA_AFTER_CLOSE'
  | 'HTTP_UNEXPECTED_END'
  | 'SSE_EVENT_TOO_LARGE'
  | 'WS_MASKED_FRAME'
  | 'WS_RESERVED_BITS'
  | 'WS_UNKNOWN_OPCODE'
  | 'WS_FRAGMENTED_CONTROL_FRAME'
  | 'WS_CONTROL_FRAME_TOO_LONG'
  | 'WS_UNEXPECTED_CONTINUATION'
  | 'WS_EXPECTED_CONTINUATION'
  | 'WS_BAD_LENGTH'
  | 'WS_MESSAGE_TOO_LARGE'
  | 'WS_BAD_CLOSE_LENGTH'
  | 'WS_BAD_CLOSE_CODE'
  | 'WS_BAD_UTF8';

/** One breach of a protocol. `closeCode` is what a WebSocket client must send; `null` where there is no such thing. */
export class ProtocolError {
  readonly code: ProtocolErrorCode;
  readonly message: string;
  readonly closeCode: 1002 | 1007 | 1009 | null;

  constructor(code: ProtocolErrorCode, message: string, closeCode: 1002 | 1007 | 1009 | null = null) {
    this.code = code;
    this.message = message;
    this.closeCode = closeCode;
  }
}
