// WebSocket (RFC 6455): each change is framed once and the same bytes are written to every socket. Heartbeats are ping frames or,
// for clients that cannot see those, {"type":"ping"} / {"type":"pong"}. Close codes: protocol.closeCodes.
import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { Admission, type Admitted, type Refusal } from './admission.ts';
import type { App, Transport } from './app.ts';
import { nowUs } from './clock.ts';
import { Heartbeat } from './heartbeat.ts';
import { Hub } from './hub.ts';
import type { Message, MessageType } from './message.ts';
import type { EndReason } from './metrics.ts';
import { closeCodes, paths } from './protocol.ts';

/** How long a client may take to answer a Close frame. */
const closeGraceMs = 1_000;
const ping = '{"type":"ping"}';
const pong = '{"type":"pong"}';

/** What is remembered of a client lives on its socket, so a client costs no closure. */
class DashboardSocket extends WebSocket {
  audience = 0;
  version = -1;
  transport: Duplex | undefined;
  owner: WebSockets | undefined;
  deadline: NodeJS.Timeout | undefined;
  endReason: EndReason = 'client';
}

export class WebSockets implements Transport {
  readonly path = paths.websocket;
  readonly Response = ServerResponse;
  readonly listener: Hub<DashboardSocket>;
  readonly #app: App;
  readonly #admission: Admission;
  readonly #server: WebSocketServer;
  readonly #sockets = new Set<DashboardSocket>();
  readonly #heartbeat: Heartbeat<DashboardSocket> | null;

  constructor(app: App) {
    const { settings } = app;
    this.#app = app;
    this.#admission = new Admission(settings);
    this.listener = new Hub<DashboardSocket>(app, (message, sockets) => this.#broadcast(message, sockets));
    this.#server = new WebSocketServer({
      noServer: true,
      WebSocket: DashboardSocket,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: settings.maxMessageBytes,
    });
    this.#heartbeat =
      settings.heartbeat === 'none' || settings.heartbeatMs === 0
        ? null
        : new Heartbeat({
            everyMs: settings.heartbeatMs,
            timeoutMs: settings.heartbeatTimeoutMs,
            beat: settings.heartbeat === 'ping' ? (socket) => socket.ping() : (socket) => socket.send(ping),
            onDead: (socket) => terminate(socket, 'heartbeat'),
            nowUs,
          });
  }

  handle(_request: IncomingMessage, response: ServerResponse): void {
    this.#app.metrics.countResponse(426);
    response.writeHead(426, { Connection: 'Upgrade', Upgrade: 'websocket', 'Content-Length': 0 }).end();
  }

  /** A bad token is told by a close code, because a browser hides the status of a refused handshake. */
  upgrade(request: IncomingMessage, transport: Duplex, head: Buffer, verdict: Admitted | Refusal): void {
    if (verdict === 403 || verdict === 404) this.#refuse(transport, verdict);
    else this.#accept(request, transport, head, verdict);
  }

  #accept(request: IncomingMessage, transport: Duplex, head: Buffer, verdict: Admitted | 401): void {
    this.#server.handleUpgrade(request, transport, head, (accepted) => {
      const socket = accepted as DashboardSocket;
      this.#attach(socket, transport);
      if (verdict === 401) return closeWith(socket, closeCodes.unauthorized, 'unauthorized');
      socket.audience = verdict.audience;
      if (this.#app.settings.auth !== 'message') return void this.#welcome(socket);
      socket.deadline = setTimeout(onUnauthorized, this.#app.settings.authTimeoutMs, socket);
    });
  }

  drain(): void {
    for (const socket of this.#sockets) closeWith(socket, closeCodes.goingAway, 'drain');
  }

  close(): void {
    this.#heartbeat?.stop();
    this.listener.stop();
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Called for each text a client sends. What it does not understand it ignores. */
  receive(socket: DashboardSocket, text: string): void {
    const { type, token } = parseObject(text);
    if (type === 'auth' && socket.deadline !== undefined) this.#authenticate(socket, token);
    else if (type === 'pong') this.#heartbeat?.answered(socket);
    else if (type === 'ping' && socket.readyState === WebSocket.OPEN) socket.send(pong);
  }

  heard(socket: DashboardSocket): void {
    this.#heartbeat?.answered(socket);
  }

  forget(socket: DashboardSocket): void {
    clearTimeout(socket.deadline);
    this.#sockets.delete(socket);
    this.listener.leave(socket);
    this.#heartbeat?.remove(socket);
    this.#app.metrics.countClosed(socket.endReason);
  }

  #refuse(transport: Duplex, status: Refusal): void {
    this.#app.metrics.countResponse(status);
    transport.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  #attach(socket: DashboardSocket, transport: Duplex): void {
    this.#app.metrics.connectionsOpened++;
    this.#sockets.add(socket);
    socket.transport = transport;
    socket.owner = this;
    socket.on('message', onMessage).on('pong', onPong).on('close', onClose).on('error', onError);
  }

  #authenticate(socket: DashboardSocket, token: unknown): void {
    clearTimeout(socket.deadline);
    socket.deadline = undefined;
    if (this.#admission.acceptsToken(token)) void this.#welcome(socket);
    else onUnauthorized(socket);
  }

  async #welcome(socket: DashboardSocket): Promise<void> {
    this.listener.join(socket);
    this.#heartbeat?.add(socket);
    const message = await this.listener.snapshot(socket.audience);
    if (typeof message === 'string') closeWith(socket, closeCodes.overloaded, message);
    else if (message.version > socket.version && this.#write(socket, message, 'snapshot'))
      this.#app.metrics.messages.snapshot++;
  }

  #broadcast(message: Message, sockets: Set<DashboardSocket>): void {
    let written = 0;
    for (const socket of sockets) {
      if (socket.version < message.version && this.#write(socket, message, 'update')) written++;
    }
    this.#app.metrics.messages.update += written;
  }

  /** Writes the frame past `ws`, which would frame it again for each client. False when the socket is not writable. */
  #write(socket: DashboardSocket, message: Message, type: MessageType): boolean {
    const { transport } = socket;
    if (transport === undefined || socket.readyState !== WebSocket.OPEN) return false;
    if (transport.writableLength > this.#app.settings.maxBufferedBytes) {
      closeWith(socket, closeCodes.overloaded, 'slow');
      return false;
    }
    socket.version = message.version;
    transport.write(message.framed(type, frameText));
    return true;
  }
}

/** One unmasked text frame (RFC 6455 §5.2). */
export function frameText(json: string): Buffer {
  const payload = Buffer.from(json);
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.of(0x81, length), payload]);
  if (length < 65_536) return Buffer.concat([Buffer.of(0x81, 126, length >> 8, length & 0xff), payload]);
  const header = Buffer.of(0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0);
  header.writeUInt32BE(length, 6);
  return Buffer.concat([header, payload]);
}

function parseObject(text: string): { type?: unknown; token?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function closeWith(socket: DashboardSocket, code: number, reason: EndReason): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.endReason = reason;
  socket.owner?.listener.leave(socket);
  socket.close(code, reason);
  clearTimeout(socket.deadline);
  socket.deadline = setTimeout(terminate, closeGraceMs, socket, reason);
}

function terminate(socket: DashboardSocket, reason: EndReason): void {
  socket.endReason = reason;
  socket.terminate();
}

function onUnauthorized(socket: DashboardSocket): void {
  closeWith(socket, closeCodes.unauthorized, 'unauthorized');
}

function onMessage(this: WebSocket, raw: RawData): void {
  const socket = this as DashboardSocket;
  socket.owner?.receive(socket, raw.toString());
}

function onPong(this: WebSocket): void {
  const socket = this as DashboardSocket;
  socket.owner?.heard(socket);
}

function onClose(this: WebSocket): void {
  const socket = this as DashboardSocket;
  socket.owner?.forget(socket);
}

/** A broken frame, or a message above the limit: `ws` has begun to close it with the fitting code (1002, 1007, 1009). */
function onError(this: WebSocket): void {
  const socket = this as DashboardSocket;
  socket.owner?.listener.leave(socket);
}
