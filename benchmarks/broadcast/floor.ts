// The floor that the servers are measured against: the barest broadcast Node can do, on plain sockets with one prepared Buffer.
// It trusts its clients, checks nothing, counts nothing, and speaks just enough of each protocol for our own swarm to accept it.
import { createServer, type Socket } from 'node:net';
import { websocketAccept } from '../../harness/contract/websocket-key.ts';
import { encodeMessage, type MessageType } from '../../servers/message.ts';
import { frameText } from '../../servers/websocket.ts';

/** `push`: WebSocket frames; `hold`: a long poll's request and answer; `answer`: a poll's. */
export type FloorKind = 'push' | 'hold' | 'answer';

export interface FloorCommand {
  readonly version: number;
  readonly intendedUs: number;
}

const [kind, portText, payloadText] = process.argv.slice(2) as [FloorKind, string, string];
const upgrade = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${websocketAccept}\r\n\r\n`;

/** Those to whom the next change is written. */
let waiting = new Set<Socket>();
let newest: FloorCommand = { version: 0, intendedUs: 0 };
let prepared = prepare('snapshot');

function prepare(type: MessageType): Buffer {
  const json = encodeMessage(type, { audience: 0, tiles: [], ...newest }, Number(payloadText));
  if (kind === 'push') return frameText(json);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`,
  );
}

function onData(this: Socket, request: Buffer): void {
  if (kind === 'push') {
    this.write(upgrade);
    this.write(prepared);
    // What a client of a broadcast sends later is only its answers to pings, and there are none here.
    this.removeListener('data', onData).resume();
  } else if (kind === 'answer' || !holds(request)) this.write(prepared);
  else waiting.add(this);
}

/** Whether the request names the newest version as held. One read is one request on loopback. */
function holds(request: Buffer): boolean {
  return request.toString('latin1', 0, 64).includes(`after=${newest.version} `);
}

function onClose(this: Socket): void {
  waiting.delete(this);
}

const server = createServer({ noDelay: true }, (socket) => {
  socket
    .on('data', onData)
    .on('close', onClose)
    .on('error', () => socket.destroy());
  if (kind === 'push') waiting.add(socket);
});

process.on('message', (command: FloorCommand) => {
  newest = command;
  prepared = prepare('update');
  const sockets = waiting;
  if (kind === 'hold') waiting = new Set();
  for (const socket of sockets) socket.write(prepared);
});
process.on('disconnect', () => process.exit(0));
server.listen(Number(portText), '127.0.0.1', () => process.stdout.write(`${JSON.stringify({ ready: true })}\n`));
