// A server that speaks servers/protocol.ts for all four transports in this process and does what a test tells it to, wrong things too.
// It counts bytes, connections and requests at its own end of the sockets: a witness that shares no code with the swarm.
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { messagePrefix, paths } from '../../servers/protocol.ts';
import { nowUs } from '../contract/clock.ts';
import type { Address } from '../contract/target.ts';
import type { Certificate } from '../services/certificate.ts';
import { Changes } from './changes.fixture.ts';

/** One client that is sent every change: a stream, a WebSocket, or a request that waits for it. */
export interface Subscriber {
  readonly audience: number;
  readonly socket: Socket;
  /** Answered once, then gone: a long-polling request. */
  readonly after: number | null;
  send(kind: Kind, version: number): void;
}

export interface Asked {
  readonly atUs: number;
  readonly audience: number;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** `null` for a WebSocket handshake, which is answered on the socket itself. */
  readonly response: ServerResponse | null;
}

type Kind = 'snapshot' | 'update';
type Answer = (exchange: Exchange) => void;

/** A message as the protocol has it, with some padding. */
export function messageText(kind: Kind, version: number, intendedUs = 0): string {
  const head = `${messagePrefix[kind]}${version}${messagePrefix.intendedUs}${intendedUs}`;
  return `${head},"audience":0,"tiles":[],"padding":"${'é'.repeat(version % 7)}"}`;
}

export class DashboardServer extends Changes {
  readonly asked: Asked[] = [];
  /** What WebSocket clients sent. */
  readonly heard: { readonly kind: 'text' | 'pong' | 'close'; readonly text: string }[] = [];
  readonly sockets = new Set<Socket>();
  readonly webSockets = new Set<WebSocket>();
  readonly subscribers = new Set<Subscriber>();
  connectionsOpened = 0;
  payloadOut = 0;
  /** Whether a stream is sent what it missed; otherwise it gets a snapshot. */
  resumes = true;
  /** `retry:` on every stream. */
  retryMs: number | null = null;
  version = 0;
  readonly #intendedUs = new Map<number, number>();
  readonly #http: http.Server;
  readonly #ws = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });
  readonly #closed = { bytesIn: 0, bytesOut: 0 };
  #answer: Answer | null = null;
  /** Answers that wait for `thaw`; `null` while nothing is frozen. */
  #frozen: (() => void)[] | null = null;

  private constructor(certificate: Certificate | null) {
    super();
    const hear = (request: IncomingMessage, response: ServerResponse) => this.#hear(request, response);
    this.#http =
      certificate === null
        ? http.createServer(hear)
        : https.createServer({ cert: certificate.certificate, key: readFileSync(certificate.keyFile) }, hear);
    this.#http.on('connection', (socket: Socket) => this.#count(socket));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head));
    this.#http.keepAliveTimeout = 0;
  }

  static async start(port = 0, certificate: Certificate | null = null): Promise<DashboardServer> {
    const server = new DashboardServer(certificate);
    await new Promise<void>((resolve) => server.#http.listen(port, '127.0.0.1', resolve));
    return server;
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.#http.address() as AddressInfo).port };
  }

  /** Bytes that came in over all connections, as the kernel handed them over. */
  get bytesIn(): number {
    return [...this.sockets].reduce((sum, socket) => sum + socket.bytesRead, this.#closed.bytesIn);
  }

  get bytesOut(): number {
    return [...this.sockets].reduce((sum, socket) => sum + socket.bytesWritten, this.#closed.bytesOut);
  }

  /** The dashboard has this version now; everyone in `to` is sent it, whatever they had before. */
  publish(version: number, options: { to?: (subscriber: Subscriber) => boolean; intendedUs?: number } = {}): void {
    const { to = () => true, intendedUs = nowUs() } = options;
    this.version = Math.max(this.version, version);
    if (!this.#intendedUs.has(version)) this.#intendedUs.set(version, intendedUs);
    this.#whenThawed(() => {
      for (const subscriber of [...this.subscribers]) {
        if (to(subscriber) && version > (subscriber.after ?? -1)) subscriber.send('update', version);
      }
    });
  }

  /** Every request from now on is answered like this; `null`: as the protocol asks. */
  answerWith(answer: Answer | null): void {
    this.#answer = answer;
  }

  /** Answers and messages are withheld, connections stay. */
  freeze(): void {
    this.#frozen ??= [];
  }

  thaw(): void {
    const held = this.#frozen ?? [];
    this.#frozen = null;
    for (const act of held) act();
  }

  /** Tells requests that wait that there is nothing new. */
  answerNothing(): void {
    for (const subscriber of [...this.subscribers]) if (subscriber.after !== null) subscriber.send('update', -1);
  }

  /** Cuts connections without a word. */
  cut(which: (socket: Socket) => boolean = () => true): void {
    for (const socket of this.sockets) if (which(socket)) socket.destroy();
  }

  /** Cuts everything and refuses connections; the port may be used again. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.cut();
    await closed;
  }

  #count(socket: Socket): void {
    this.connectionsOpened += 1;
    this.sockets.add(socket.setNoDelay());
    socket.on('error', () => {}); // A client that goes without a word is no failure of a server.
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.#closed.bytesIn += socket.bytesRead;
      this.#closed.bytesOut += socket.bytesWritten;
      this.changed();
    });
    this.changed();
  }

  #hear(request: IncomingMessage, response: ServerResponse): void {
    this.#note(request);
    const exchange = { request, response, socket: request.socket };
    this.#whenThawed(() => (this.#answer ?? ((each: Exchange) => this.#respond(each)))(exchange));
    this.changed();
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#note(request);
    // node:http lets go of an upgraded socket: unless it is accepted, nobody reads it or answers its end.
    socket.resume().on('end', () => socket.end());
    const answer: Answer = this.#answer ?? (() => this.#accept(request, socket, head));
    this.#whenThawed(() => answer({ request, socket, response: null }));
    this.changed();
  }

  #note(request: IncomingMessage): void {
    const { url = '', headers } = request;
    this.asked.push({ atUs: nowUs(), url, headers, audience: audienceOf(url) });
  }

  #whenThawed(act: () => void): void {
    if (this.#frozen === null) act();
    else this.#frozen.push(act);
  }

  #respond({ request, response }: Exchange): void {
    if (response === null) return;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const after = searchParams.get('after');
    if (pathname === paths.events) this.#stream(request, response);
    else if (after !== null && Number(after) >= this.version) this.#hold(request, response, Number(after));
    else if (request.headers['if-none-match'] === `"${this.version}"`) response.writeHead(304).end();
    else this.sendBody(response, this.#text(after === null ? 'snapshot' : 'update', this.version));
  }

  /** Answers 200 with a message, and the ETag of the version. */
  sendBody(response: ServerResponse, text: string): void {
    const body = Buffer.from(text);
    this.payloadOut += body.length;
    response
      .writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': body.length,
        ETag: `"${this.version}"`,
      })
      .end(body);
  }

  #hold(request: IncomingMessage, response: ServerResponse, after: number): void {
    const send = (kind: Kind, version: number) => {
      this.subscribers.delete(waiter);
      if (version < 0) response.writeHead(204).end();
      else this.sendBody(response, this.#text(kind, version));
    };
    const waiter = { audience: audienceOf(request.url), socket: request.socket, after, send };
    this.#subscribe(waiter, response);
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(this.retryMs === null ? ':\n\n' : `retry: ${this.retryMs}\n\n`);
    const send = (kind: Kind, version: number) => {
      const text = this.#text(kind, version);
      this.payloadOut += Buffer.byteLength(text);
      response.write(`id: ${version}\ndata: ${text}\n\n`);
    };
    this.#subscribe({ audience: audienceOf(request.url), socket: request.socket, after: null, send }, response);
    const lastId = request.headers['last-event-id'];
    if (lastId === undefined || !this.resumes) send('snapshot', this.version);
    else for (let version = Number(lastId) + 1; version <= this.version; version++) send('update', version);
  }

  #accept(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#ws.handleUpgrade(request, socket, head, (webSocket) => {
      this.webSockets.add(webSocket);
      this.#listen(webSocket);
      const send = (kind: Kind, version: number) => this.sendText(webSocket, this.#text(kind, version));
      this.#subscribe({ audience: audienceOf(request.url), socket, after: null, send }, webSocket);
      send('snapshot', this.version);
    });
  }

  sendText(webSocket: WebSocket, text: string): void {
    this.payloadOut += Buffer.byteLength(text);
    webSocket.send(text);
  }

  #listen(webSocket: WebSocket): void {
    const hear = (kind: 'text' | 'pong' | 'close', text: string) => {
      this.heard.push({ kind, text });
      this.changed();
    };
    webSocket.on('error', () => {}); // ws closes with the right code by itself.
    webSocket.on('message', (bytes) => hear('text', String(bytes)));
    webSocket.on('pong', (bytes) => hear('pong', String(bytes)));
    webSocket.on('close', (code) => {
      this.webSockets.delete(webSocket);
      hear('close', String(code));
    });
  }

  #subscribe(subscriber: Subscriber, until: ServerResponse | WebSocket): void {
    this.subscribers.add(subscriber);
    until.on('close', () => {
      this.subscribers.delete(subscriber);
      this.changed();
    });
    this.changed();
  }

  #text(kind: Kind, version: number): string {
    return messageText(kind, version, this.#intendedUs.get(version) ?? 0);
  }
}

function audienceOf(url = ''): number {
  return Number(new URL(url, 'http://localhost').searchParams.get('audience') ?? 0);
}

/** An answer with this status and no body. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Answer {
  const lines = Object.entries({ ...headers, 'Content-Length': '0' }).map(([name, value]) => `${name}: ${value}\r\n`);
  return ({ response, socket }) => {
    if (response === null) socket.write(`HTTP/1.1 ${code} ${http.STATUS_CODES[code]}\r\n${lines.join('')}\r\n`);
    else response.writeHead(code, headers).end();
  };
}

/** These bytes instead of an answer, one piece after the other. */
export function raw(...pieces: readonly (string | Buffer)[]): Answer {
  return ({ socket }) => writePieces(socket, pieces);
}

/** Pieces 2 ms apart, so that they mostly arrive as segments of their own. */
export function writePieces(socket: Socket, [piece, ...rest]: readonly (string | Buffer)[]): void {
  if (piece === undefined || socket.destroyed) return;
  socket.write(piece);
  setTimeout(writePieces, 2, socket, rest);
}
