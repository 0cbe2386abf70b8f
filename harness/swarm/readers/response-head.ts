// In: the bytes of one response head (status line, header fields, blank line). Out: what the swarm needs of it, or a breach.
// Source: RFC 9112 §2.2, §4, §5, §6 and RFC 9110 §5. Stricter than required where leniency invites two readings of one head.
import { ProtocolError } from './protocol-error.ts';

/** How the end of a body is found: RFC 9112 §6.3. `close`: the body lasts until the connection ends. */
type BodyFraming = 'none' | 'length' | 'chunked' | 'close';

/** One response head, shared between all responses with the same bytes: never to be changed. Absent headers are `null`. */
export interface ResponseHead {
  /** 100 to 999, as sent. */
  readonly status: number;
  /** Whether the connection can carry another exchange after this one. */
  readonly keepAlive: boolean;
  readonly framing: BodyFraming;
  /** Bytes the body will have; 0 unless `framing` is `length`. */
  readonly contentLength: number;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  readonly etag: string | null;
  readonly retryAfter: string | null;
  /** The first one. */
  readonly setCookie: string | null;
  /** `null` as well when `Connection` does not name it: then it does not count (RFC 9110 §7.8). */
  readonly upgrade: string | null;
  readonly secWebSocketAccept: string | null;
  readonly secWebSocketProtocol: string | null;
  readonly secWebSocketExtensions: string | null;
}

interface WantedFields {
  connection: string | null;
  contentLength: string | null;
  transferEncoding: string | null;
  contentType: string | null;
  contentEncoding: string | null;
  etag: string | null;
  retryAfter: string | null;
  setCookie: string | null;
  upgrade: string | null;
  secWebSocketAccept: string | null;
  secWebSocketProtocol: string | null;
  secWebSocketExtensions: string | null;
}

interface WantedHeader {
  readonly key: keyof WantedFields;
  readonly name: Buffer;
  /** A repeated list header is one list; of other headers the first counts (Content-Length is never repeated). */
  readonly isList: boolean;
}

const wantedHeaders: readonly WantedHeader[] = [
  { key: 'connection', name: Buffer.from('connection'), isList: true },
  { key: 'contentLength', name: Buffer.from('content-length'), isList: false },
  { key: 'transferEncoding', name: Buffer.from('transfer-encoding'), isList: true },
  { key: 'contentType', name: Buffer.from('content-type'), isList: false },
  { key: 'contentEncoding', name: Buffer.from('content-encoding'), isList: true },
  { key: 'etag', name: Buffer.from('etag'), isList: false },
  { key: 'retryAfter', name: Buffer.from('retry-after'), isList: false },
  { key: 'setCookie', name: Buffer.from('set-cookie'), isList: false },
  { key: 'upgrade', name: Buffer.from('upgrade'), isList: true },
  // Must not be repeated (RFC 6455 §11.3.3): joined, so that it matches no expected answer.
  { key: 'secWebSocketAccept', name: Buffer.from('sec-websocket-accept'), isList: true },
  { key: 'secWebSocketProtocol', name: Buffer.from('sec-websocket-protocol'), isList: true },
  { key: 'secWebSocketExtensions', name: Buffer.from('sec-websocket-extensions'), isList: true },
];

// No two wanted names are equally long and begin with the same letter, so that leaves one candidate and an unwanted header costs one look-up.
const wantedByShape: (WantedHeader | undefined)[] = [];
for (const { name, ...header } of wantedHeaders) wantedByShape[shapeOf(name, 0, name.length)] = { name, ...header };

const tab = 9;
const lf = 10;
const cr = 13;
const space = 32;
const colon = 58;

/** What a token is made of (RFC 9110 §5.6.2). */
export const isTokenByte: Uint8Array = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  isTokenByte[char.charCodeAt(0)] = 1;
}
/** Printable ASCII, space, tab and obs-text (RFC 9110 §5.5): what a field value or a reason phrase may hold. */
export const isTextByte: Uint8Array = new Uint8Array(256).map((_, byte) =>
  byte === tab || (byte >= space && byte !== 127) ? 1 : 0,
);

/** `findSectionEnd`: the section goes on beyond the bytes at hand. */
export const sectionIncomplete = -1;
/** `findSectionEnd`: a CR without LF or a LF without CR. */
export const sectionBroken = -2;

/** The offset behind the blank line that ends the section starting at `start`; the search may resume at `from`, one byte back. */
export function findSectionEnd(bytes: Buffer, start: number, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte > cr) continue;
    if (byte === lf) {
      if (at === start || bytes[at - 1] !== cr) return sectionBroken;
      if (at - 1 === start || bytes[at - 2] === lf) return at + 1;
    } else if (byte === cr && at + 1 < end && bytes[at + 1] !== lf) return sectionBroken;
  }
  return sectionIncomplete;
}

const statusLineStart = Buffer.from('HTTP/1.');

/** Whether the bytes at hand can be the beginning of a status line: tells a server of another protocol before its first blank line. */
export function startsLikeStatusLine(bytes: Buffer, start: number, end: number): boolean {
  const count = Math.min(end - start, statusLineStart.length);
  for (let i = 0; i < count; i++) if (bytes[start + i] !== statusLineStart[i]) return false;
  return true;
}

/** Reads one whole head, blank line included, in which `findSectionEnd` found no broken line ending. */
export function parseHead(bytes: Buffer, start: number, end: number): ResponseHead | ProtocolError {
  let lineEnd = start;
  while (bytes[lineEnd] !== cr) lineEnd++;
  const status = parseStatus(bytes, start, lineEnd);
  if (status === 0) {
    const line = bytes.toString('latin1', start, Math.min(lineEnd, start + 80));
    return new ProtocolError('HTTP_BAD_STATUS_LINE', `status line ${JSON.stringify(line)}; expected "HTTP/1.1 200 OK"`);
  }
  const fields: WantedFields = {
    connection: null,
    contentLength: null,
    transferEncoding: null,
    contentType: null,
    contentEncoding: null,
    etag: null,
    retryAfter: null,
    setCookie: null,
    upgrade: null,
    secWebSocketAccept: null,
    secWebSocketProtocol: null,
    secWebSocketExtensions: null,
  };
  const error = parseFields(bytes, lineEnd + 2, end, fields);
  return error ?? decideFraming(status, bytes[start + 7] === 48, fields);
}

/** Checks the trailer section of a chunked body; its fields are dropped, as RFC 9112 §7.1.2 allows. */
export function checkTrailers(bytes: Buffer, start: number, end: number): ProtocolError | null {
  return parseFields(bytes, start, end, null);
}

/** The status of `HTTP/1.x 200 reason`, or 0. A missing space before an empty reason is let pass, as every browser does. */
function parseStatus(bytes: Buffer, start: number, end: number): number {
  if (end - start < 12 || !startsLikeStatusLine(bytes, start, end)) return 0;
  if (!isDigit(bytes[start + 7] as number) || bytes[start + 8] !== space) return 0;
  let status = 0;
  for (let at = start + 9; at < start + 12; at++) {
    const byte = bytes[at] as number;
    if (!isDigit(byte)) return 0;
    status = status * 10 + byte - 48;
  }
  if (end > start + 12 && bytes[start + 12] !== space) return 0;
  for (let at = start + 12; at < end; at++) if (isTextByte[bytes[at] as number] === 0) return 0;
  return status < 100 ? 0 : status;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function parseFields(bytes: Buffer, start: number, end: number, into: WantedFields | null): ProtocolError | null {
  let at = start;
  while (at < end - 2) {
    let nameEnd = at;
    while (isTokenByte[bytes[nameEnd] as number] === 1) nameEnd++;
    if (nameEnd === at || bytes[nameEnd] !== colon) return badField(bytes, at, end);
    let valueStart = nameEnd + 1;
    while (isBlank(bytes[valueStart])) valueStart++;
    let lineEnd = valueStart;
    while (isTextByte[bytes[lineEnd] as number] === 1) lineEnd++;
    if (bytes[lineEnd] !== cr) return badField(bytes, at, end);
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;
    const wanted = into === null ? undefined : wantedByShape[shapeOf(bytes, at, nameEnd)];
    if (into !== null && wanted !== undefined && hasName(bytes, at, wanted.name)) {
      const value = bytes.toString('latin1', valueStart, valueEnd);
      const before = into[wanted.key];
      if (before === null) into[wanted.key] = value;
      else if (wanted.key === 'contentLength') return duplicateLength(before, value);
      else if (wanted.isList) into[wanted.key] = `${before}, ${value}`;
    }
    at = lineEnd + 2;
  }
  return null;
}

/** Length and first letter, whatever its case. */
function shapeOf(bytes: Buffer, start: number, end: number): number {
  return ((end - start) << 5) | ((bytes[start] as number) & 31);
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === tab;
}

/** Compares without regard to case; `name` is lower case, and the bytes are known to be a token of the same length. */
function hasName(bytes: Buffer, start: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) if (((bytes[start + i] as number) | 32) !== name[i]) return false;
  return true;
}

function badField(bytes: Buffer, start: number, end: number): ProtocolError {
  if (isBlank(bytes[start])) {
    return new ProtocolError(
      'HTTP_FOLDED_HEADER',
      'a header line begins with white space; expected no folded header (obs-fold)',
    );
  }
  let lineEnd = start;
  while (lineEnd < end && bytes[lineEnd] !== cr) lineEnd++;
  const line = JSON.stringify(bytes.toString('latin1', start, Math.min(lineEnd, start + 80)));
  return new ProtocolError('HTTP_BAD_HEADER', `header line ${line}; expected "name: value" without control characters`);
}

function duplicateLength(first: string, second: string): ProtocolError {
  const message = `Content-Length ${JSON.stringify(first)} and again ${JSON.stringify(second)}; expected it once`;
  return new ProtocolError('HTTP_DUPLICATE_CONTENT_LENGTH', message);
}

/** Decides how the body ends and whether the connection survives it (RFC 9112 §6.3, §9.3). */
function decideFraming(status: number, isHttp10: boolean, fields: WantedFields): ResponseHead | ProtocolError {
  const { contentLength, transferEncoding } = fields;
  if (transferEncoding !== null && contentLength !== null) {
    const message = 'both Transfer-Encoding and Content-Length; expected one of them';
    return new ProtocolError('HTTP_LENGTH_AND_TRANSFER_ENCODING', message);
  }
  if (transferEncoding !== null && (isHttp10 || transferEncoding.toLowerCase() !== 'chunked')) {
    const message = `Transfer-Encoding ${JSON.stringify(transferEncoding)}; expected "chunked", and that from HTTP/1.1 on`;
    return new ProtocolError('HTTP_UNSUPPORTED_TRANSFER_ENCODING', message);
  }
  const length = contentLength === null ? 0 : readLength(contentLength);
  if (length < 0) {
    const message = `Content-Length ${JSON.stringify(contentLength)}; expected digits, at most 2^53 - 1`;
    return new ProtocolError('HTTP_BAD_CONTENT_LENGTH', message);
  }
  let framing: BodyFraming = 'close';
  if (status < 200 || status === 204 || status === 304) framing = 'none';
  else if (transferEncoding !== null) framing = 'chunked';
  else if (contentLength !== null) framing = 'length';
  return {
    status,
    keepAlive: framing !== 'close' && survives(fields.connection, isHttp10),
    framing,
    contentLength: framing === 'length' ? length : 0,
    contentType: fields.contentType,
    contentEncoding: fields.contentEncoding,
    etag: fields.etag,
    retryAfter: fields.retryAfter,
    setCookie: fields.setCookie,
    upgrade: optionsOf(fields.connection).includes('upgrade') ? fields.upgrade : null,
    secWebSocketAccept: fields.secWebSocketAccept,
    secWebSocketProtocol: fields.secWebSocketProtocol,
    secWebSocketExtensions: fields.secWebSocketExtensions,
  };
}

/** The value of digits and nothing else, up to 2^53 - 1; -1 for anything else. */
function readLength(text: string): number {
  let value = text === '' ? -1 : 0;
  for (let i = 0; i < text.length && value >= 0; i++) {
    const code = text.charCodeAt(i);
    value = isDigit(code) ? value * 10 + code - 48 : -1;
  }
  return value > Number.MAX_SAFE_INTEGER ? -1 : value;
}

/** Whether the connection outlives the response, by its `Connection` header (RFC 9112 §9.3). */
function survives(connection: string | null, isHttp10: boolean): boolean {
  const options = optionsOf(connection);
  return !options.includes('close') && (!isHttp10 || options.includes('keep-alive'));
}

function optionsOf(connection: string | null): readonly string[] {
  return connection === null ? [] : connection.toLowerCase().split(/[ \t]*,[ \t]*/);
}
