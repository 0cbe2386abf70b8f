// A request as a browser sends it: fetch for the pollings, EventSource, and WebSocket's handshake (RFC 6455 §4.1). In: where and what for.
// Out: the head, with the blank line that ends it.
import type { Transport } from '../contract/record.ts';
import { websocketKey } from '../contract/websocket-key.ts';

export interface BrowserRequest {
  readonly transport: Transport;
  /** Path and query. */
  readonly path: string;
  /** With its port, as the Host header has it. */
  readonly host: string;
  readonly isSecure: boolean;
  /** Of the pollings; streams and handshakes keep theirs. */
  readonly keepAlive: boolean;
  /** What this client adds, a line each; one of the browser's own by that name gives way. */
  readonly headers: readonly string[];
  /** A POST with this body; absent: a GET. */
  readonly body?: string;
}

/** Headers of every request, so that polling pays in bytes what it pays in life. */
const browserHeaders = [
  'User-Agent: Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept-Language: en-US,en;q=0.9',
  'Accept-Encoding: gzip, deflate, br, zstd',
];
const fetchHeaders = ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty'];

/** As latin1: a body's bytes are its characters. */
export function browserRequest(request: BrowserRequest): string {
  const { path, host, headers, body } = request;
  const own = new Set(headers.map(nameOf));
  const usual = [...transportHeaders(request), ...browserHeaders].filter((line) => !own.has(nameOf(line)));
  const bytes = body === undefined ? '' : Buffer.from(body).toString('latin1');
  const ofBody = body === undefined ? [] : bodyHeaders(bytes).filter((line) => !own.has(nameOf(line)));
  const line = `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`;
  return [line, `Host: ${host}`, ...usual, ...ofBody, ...headers, '', bytes].join('\r\n');
}

function transportHeaders({ transport, host, isSecure, keepAlive }: BrowserRequest): readonly string[] {
  switch (transport) {
    case 'polling':
    case 'long-polling':
      return [`Connection: ${keepAlive ? 'keep-alive' : 'close'}`, 'Accept: application/json', ...fetchHeaders];
    case 'sse':
      return [
        'Connection: keep-alive',
        'Accept: text/event-stream',
        'Pragma: no-cache',
        'Cache-Control: no-cache',
        ...fetchHeaders,
      ];
    case 'websocket':
      return [
        'Connection: Upgrade',
        'Upgrade: websocket',
        `Origin: ${isSecure ? 'https' : 'http'}://${host}`,
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${websocketKey}`,
        'Pragma: no-cache',
        'Cache-Control: no-cache',
      ];
  }
}

function bodyHeaders(bytes: string): string[] {
  return ['Content-Type: application/json', `Content-Length: ${bytes.length}`];
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}
