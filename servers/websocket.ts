// WebSocket (RFC 6455): each change is framed once and the same bytes are written to every socket. Heartbeats are ping frames or,
// for clients that cannot see those, {"type":"ping"} / {"type":"pong"}. Close codes: protocol.closeCodes.
import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Server, WebSocket, WebSocketServer } from 'ws';
import type { Actions } from './actions.ts';
import type { Admitted, Refusal } from './admission.ts';
import type { App, Transport } from './app.ts';
import { nowUs } from './clock.ts';
import { DashboardSocket, type SocketOwner } from './dashboard-socket.ts';
import { tellInTurn } from './departures.ts';
import { Heartbeat } from './heartbeat.ts';
import { answer } from './http.ts';
import { Hub } from './hub.ts';
import { lossReasons } from './loss-log.ts';
import type { Message, MessageType } from './message.ts';
import { type ActedMessage, type ActionRefusal, closeCodes, paths } from './protocol.ts';
import type { TokenVerdict } from './token-check.ts';

const ping = '{"type":"ping"}';
const pong = '{"type":"pong"}';
/** A frame's head, and what masks a client's (RFC 6455 §5.2). */
const headBytes = 2;
const maskBytes = 4;
/** Actions of one client that may be under way at once. */
const mostActing = 32;
const upgradeRequired = {
  status: 426,
  headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Content-Length': 0 },
};

export class WebSockets implements Transport, SocketOwner {
  readonly path = paths.websocket;
  readonly Response = ServerResponse;
  readonly listener: Hub<DashboardSocket>;
  readonly #app: App;
  readonly #server: Server<typeof DashboardSocket>;
  readonly #sockets = new Set<DashboardSocket>();
  readonly #heartbeat: Heartbeat<DashboardSocket> | null;

  constructor(app: App) {
    this.#app = app;
    this.listener = new Hub<DashboardSocket>(app, (...news) => this.#broadcast(...news));
    this.#server = new WebSocketServer({
      noServer: true,
      WebSocket: DashboardSocket,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: app.settings.maxMessageBytes,
    });
    this.#heartbeat = startHeartbeat(app);
    app.metrics.watchBuffers(() => {
      let bytes = 0;
      for (const socket of this.#sockets) bytes += socket.unsentBytes;
      return bytes;
    });
  }

  /** A GET that asks for no upgrade. */
  handle(_request: IncomingMessage, response: ServerResponse): void {
    answer(this.#app.metrics, response, upgradeRequired);
  }

  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer, verdict: Admitted | Refusal): void {
    const opensFirst = verdict === 401 || (verdict === 503 && this.#app.settings.turnAwayWith === '1013');
    if (typeof verdict === 'number' && !opensFirst) this.#refuse(stream, verdict);
    else this.#server.handleUpgrade(request, stream, head, (socket) => this.#accept(socket, stream, verdict));
  }

  async beat(rounds: number): Promise<void> {
    await this.#heartbeat?.hurry(rounds);
  }

  drain(): void {
    const tell = (socket: DashboardSocket) => socket.closeWith(closeCodes.goingAway, 'drain');
    tellInTurn(this.#sockets, this.#app.settings.spreadMs, tell);
  }

  close(): void {
    this.#heartbeat?.stop();
    this.listener.stop();
    for (const socket of this.#sockets) socket.terminate();
  }

  /** What it does not understand it ignores. */
  onText(socket: DashboardSocket, text: string): void {
    this.#app.log?.received(socket.stream);
    const message = parseObject(text);
    const { type, token } = message;
    if (type === 'auth' && this.#app.settings.auth === 'message') this.#authenticate(socket, token);
    else if (type === 'pong') this.#answered(socket, pong.length);
    else if (type === 'action' && this.#app.actions !== null) void this.#act(socket, message, this.#app.actions);
    else if (type === 'ping' && socket.readyState === WebSocket.OPEN) socket.send(pong);
  }

  onPong(socket: DashboardSocket): void {
    this.#answered(socket, 0);
  }

  onEnding(socket: DashboardSocket): void {
    this.listener.leave(socket);
    this.#heartbeat?.remove(socket);
  }

  onClosed(socket: DashboardSocket, code: number): void {
    this.onEnding(socket);
    this.#sockets.delete(socket);
    this.#app.metrics.countClosed(socket.endReason);
    this.#app.log?.ending(socket.stream, socket.endReason);
    this.#app.log?.closed(socket.stream, code);
    const reason = lossReasons.find((known) => known === socket.endReason);
    if (reason !== undefined) this.#app.metrics.noteLoss({ reason, atUs: nowUs(), heardUs: socket.heardUs });
  }

  /** Answers an action by its id; one without an id it cannot answer. */
  async #act(socket: DashboardSocket, message: { id?: unknown }, actions: Actions): Promise<void> {
    const { id } = message;
    if (typeof id !== 'number') return;
    const made = await this.#take(socket, message, actions);
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.unsentBytes > this.#app.settings.maxBufferedBytes)
      return socket.closeWith(closeCodes.overloaded, 'slow');
    const answer: ActedMessage =
      typeof made === 'number' ? { type: 'acted', id, version: made } : { type: 'acted', id, error: made };
    socket.send(JSON.stringify(answer));
  }

  async #take(
    socket: DashboardSocket,
    message: object,
    actions: Actions,
  ): Promise<number | ActionRefusal | 'unauthorized'> {
    if (!socket.isWelcome) return 'unauthorized';
    if (socket.acting >= mostActing) return 'busy';
    socket.acting++;
    const made = await actions.take(socket.audience, message);
    socket.acting--;
    return made;
  }

  /** What it was kept from is old by now: it gets the newest. */
  #onDrained(socket: DashboardSocket): void {
    if (!socket.isBehind) return;
    socket.isBehind = false;
    const newest = this.listener.current(socket.audience);
    if (newest !== null && this.#write(socket, newest, 'update')) this.#app.metrics.messages.update++;
  }

  #answered(socket: DashboardSocket, payloadBytes: number): void {
    this.#app.metrics.heartbeatAnswers++;
    this.#app.metrics.heartbeatBytes += headBytes + maskBytes + payloadBytes;
    this.#heartbeat?.answered(socket);
  }

  #refuse(stream: Duplex, status: Refusal): void {
    this.#app.metrics.countResponse(status);
    // Or a client that never ends its half would keep the socket.
    stream.once('finish', () => stream.destroy());
    const retryAfter = status === 503 ? 'Retry-After: 1\r\n' : '';
    stream.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n${retryAfter}Content-Length: 0\r\n\r\n`,
    );
  }

  /** A refusal is told by a close code where the client is to know it, because a browser hides the status of a refused handshake. */
  #accept(socket: DashboardSocket, stream: Duplex, verdict: Admitted | Refusal): void {
    this.#app.metrics.connectionsOpened++;
    this.#sockets.add(socket);
    socket.attach(stream, this);
    this.#app.log?.upgraded(stream);
    if (this.#app.settings.slowClients === 'drop') stream.on('drain', () => this.#onDrained(socket));
    if (verdict === 401) refuseToken(socket);
    else if (typeof verdict === 'number') socket.closeWith(closeCodes.overloaded, 'busy');
    else this.#admit(socket, verdict);
  }

  #admit(socket: DashboardSocket, verdict: Admitted): void {
    socket.audience = verdict.audience;
    const { auth, authTimeoutMs } = this.#app.settings;
    if (auth === 'message') socket.deadline = setTimeout(refuseToken, authTimeoutMs, socket);
    else void this.#welcome(socket);
  }

  /** Only the first token counts. */
  #authenticate(socket: DashboardSocket, token: unknown): void {
    if (socket.deadline === undefined) return;
    clearTimeout(socket.deadline);
    socket.deadline = undefined;
    const verdict = this.#app.admission.judgeToken(token);
    if (verdict instanceof Promise) void verdict.then((told) => this.#decide(socket, told));
    else this.#decide(socket, verdict);
  }

  #decide(socket: DashboardSocket, verdict: TokenVerdict): void {
    // It may have gone while somebody was asked.
    if (socket.readyState !== WebSocket.OPEN) return;
    if (verdict === 'accepted') void this.#welcome(socket);
    else if (verdict === 401) refuseToken(socket);
    else socket.closeWith(closeCodes.overloaded, 'busy');
  }

  async #welcome(socket: DashboardSocket): Promise<void> {
    socket.isWelcome = true;
    this.listener.join(socket);
    this.#heartbeat?.add(socket);
    const message = await this.listener.snapshot(socket.audience);
    if (typeof message === 'string') socket.closeWith(closeCodes.overloaded, message);
    else if (this.#write(socket, message, 'snapshot')) this.#app.metrics.messages.snapshot++;
  }

  #broadcast(message: Message, sockets: Set<DashboardSocket>, type: MessageType): void {
    let written = 0;
    for (const socket of sockets) if (this.#write(socket, message, type)) written++;
    this.#app.metrics.messages[type] += written;
  }

  /** False when the client holds it already, has gone, or reads too slowly. */
  #write(socket: DashboardSocket, message: Message, type: MessageType): boolean {
    if (socket.version >= message.version || socket.readyState !== WebSocket.OPEN) return false;
    const { maxBufferedBytes, slowClients } = this.#app.settings;
    if (slowClients !== 'unbounded' && socket.unsentBytes > maxBufferedBytes) {
      if (slowClients === 'disconnect') socket.closeWith(closeCodes.overloaded, 'slow');
      else {
        socket.isBehind = true;
        this.#app.metrics.messagesSkipped++;
      }
      return false;
    }
    socket.version = message.version;
    socket.writeFrame(message.framed(type, frameText));
    this.#app.log?.sent(socket.stream);
    return true;
  }
}

function startHeartbeat({ settings, metrics }: App): Heartbeat<DashboardSocket> | null {
  const { heartbeat, heartbeatMs, heartbeatTimeoutMs } = settings;
  if (heartbeat === 'none' || heartbeatMs === 0) return null;
  const isMessage = heartbeat === 'message';
  const beatBytes = headBytes + (isMessage ? ping.length : 0);
  return new Heartbeat<DashboardSocket>({
    everyMs: heartbeatMs,
    beat: (socket) => {
      // One that is closing is about to be ended anyway.
      if (socket.readyState !== WebSocket.OPEN) return;
      metrics.heartbeats++;
      metrics.heartbeatBytes += beatBytes;
      if (isMessage) socket.send(ping);
      else socket.ping();
    },
    answers: {
      withinMs: heartbeat === 'next-round' ? null : heartbeatTimeoutMs,
      onMissing: (socket) => {
        socket.endReason = 'heartbeat';
        socket.terminate();
      },
    },
  });
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

function refuseToken(socket: DashboardSocket): void {
  socket.closeWith(closeCodes.unauthorized, 'unauthorized');
}

function parseObject(text: string): { type?: unknown; token?: unknown; id?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
