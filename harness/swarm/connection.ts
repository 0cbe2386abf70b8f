// One TCP connection of a virtual client: a `net` socket that reads into the one buffer all of a shard's sockets share.
// The owner is found through the socket, so that a connection costs no closure. Bytes are counted here, nowhere else: those on the wire,
// so with TLS what it makes of them, handshakes included.
import net from 'node:net';
import tls from 'node:tls';
import type { Address } from '../contract/target.ts';
import type { LocalPorts } from './local-ports.ts';

/** How a network takes a connection away. */
export type Loss = 'reset' | 'silent';

/** Bytes at the clients' sockets, over all clients of a shard. */
export interface Traffic {
  bytesIn: number;
  bytesOut: number;
  /** Bodies and messages without headers, chunk sizes and frames. */
  payloadIn: number;
  payloadOut: number;
}

/** Whoever owns a connection. After `onGone` nothing more comes. */
export interface ConnectionOwner {
  onConnected(): void;
  /** Bytes 0 to `end` of `buffer` arrived; the buffer is reused afterwards. */
  onBytes(buffer: Buffer, end: number): void;
  /** The socket is gone. `opened` is false when it never was connected; `error` is null after an orderly end. */
  onGone(opened: boolean, error: Error | null): void;
}

/** What the connections of a shard share. */
export interface ConnectionContext {
  readonly traffic: Traffic;
  /** `null`: the kernel chooses address and port, as for anyone. */
  readonly localPorts: LocalPorts | null;
  /** Whom to trust; `null` speaks in the clear. */
  readonly tls: tls.SecureContext | null;
  /** After each read nothing is read for so long, which may change; absent: everything is read at once. */
  readonly pace?: { pauseUs: number };
}

interface OwnedSocket extends net.Socket {
  owner: ConnectionOwner | null;
  traffic: Traffic;
  opened: boolean;
  failure: Error | null;
  /** The TCP socket below TLS, and its bytes that are counted already. */
  wire: net.Socket | null;
  countedIn: number;
  countedOut: number;
  pace: { readonly pauseUs: number };
}

/** 64 KiB is what the kernel hands over in one read at most; larger messages come in several. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

const atOnce = { pauseUs: 0 };

/** How long the other side may be silent when we have ended ours. */
const closeWaitMs = 1_000;

function onRead(this: unknown, length: number, buffer: Uint8Array): boolean {
  const socket = this as OwnedSocket;
  socket.traffic.bytesIn += length;
  socket.owner?.onBytes(buffer as Buffer, length);
  if (socket.pace.pauseUs === 0) return true;
  readLater(socket);
  return false;
}

function onSecureRead(this: net.Socket, chunk: Buffer): void {
  const socket = this as OwnedSocket;
  countWire(socket);
  socket.owner?.onBytes(chunk, chunk.length);
  if (socket.pace.pauseUs === 0) return;
  socket.pause();
  readLater(socket);
}

function readLater(socket: OwnedSocket): void {
  setTimeout(readOn, socket.pace.pauseUs / 1000, socket);
}

function readOn(socket: OwnedSocket): void {
  // It may have been lost meanwhile.
  if (socket.owner !== null) socket.resume();
}

/** Adds what went over the wire since it was last asked. */
function countWire(socket: OwnedSocket): void {
  const { wire, traffic } = socket;
  if (wire === null) return;
  traffic.bytesIn += wire.bytesRead - socket.countedIn;
  traffic.bytesOut += wire.bytesWritten - socket.countedOut;
  socket.countedIn = wire.bytesRead;
  socket.countedOut = wire.bytesWritten;
}

function onConnect(this: net.Socket): void {
  const socket = this as OwnedSocket;
  countWire(socket);
  socket.opened = true;
  socket.owner?.onConnected();
}

function onError(this: net.Socket, error: Error): void {
  (this as OwnedSocket).failure = error;
}

function onClose(this: net.Socket): void {
  const socket = this as OwnedSocket;
  const owner = socket.owner;
  countWire(socket);
  socket.owner = null;
  owner?.onGone(socket.opened, socket.failure);
}

const socketOptions = { noDelay: true, onread: { buffer: readBuffer, callback: onRead } } as net.SocketConstructorOpts;

export class Connection {
  readonly #socket: OwnedSocket;
  #ending = false;

  constructor(address: Address, owner: ConnectionOwner, { traffic, localPorts, tls, pace }: ConnectionContext) {
    const plain = new net.Socket(tls === null ? socketOptions : ({ noDelay: true } as net.SocketConstructorOpts));
    const socket = (tls === null ? plain : secure(plain, address, tls)) as OwnedSocket;
    socket.owner = owner;
    socket.traffic = traffic;
    socket.opened = false;
    socket.failure = null;
    socket.wire = tls === null ? null : plain;
    socket.countedIn = 0;
    socket.countedOut = 0;
    socket.pace = pace ?? atOnce;
    socket
      .on(tls === null ? 'connect' : 'secureConnect', onConnect)
      .on('error', onError)
      .on('close', onClose);
    if (localPorts === null) plain.connect({ host: address.host, port: address.port });
    else connectFrom(localPorts, plain, address);
    this.#socket = socket;
  }

  write(bytes: Buffer): void {
    const socket = this.#socket;
    socket.write(bytes);
    if (socket.wire === null) socket.traffic.bytesOut += bytes.length;
    else countWire(socket);
  }

  /** Sends FIN after what was written; a server that does not end its side is left after a second. */
  end(): void {
    this.#ending = true;
    this.#socket.end();
    this.#socket.setTimeout(closeWaitMs, this.#socket.destroy);
  }

  /** The owner hears nothing more; what `end` began is finished, anything else ends at once. */
  release(): void {
    if (this.#ending) this.#socket.owner = null;
    else this.drop();
  }

  /** `reset`: both ends see an RST. `silent`: no FIN, the server is left with a peer that never speaks again. The owner hears nothing more. */
  lose(how: Loss): void {
    this.#socket.owner = null;
    const wire = this.#socket.wire ?? this.#socket;
    if (how === 'reset') wire.resetAndDestroy();
    else wire.pause();
  }

  /** Ends it at once; the owner hears nothing more. */
  drop(): void {
    this.#socket.owner = null;
    this.#socket.destroy();
  }
}

/** TLS over a socket that is about to be connected. */
function secure(plain: net.Socket, { host, name }: Address, secureContext: tls.SecureContext): tls.TLSSocket {
  // A shared read buffer is to be had for sockets only that open their own connection, whose bytes on the wire then nobody tells.
  return tls
    .connect({ socket: plain, host: name ?? host, ...(name && { servername: name }), secureContext })
    .on('data', onSecureRead);
}

function connectFrom(
  localPorts: LocalPorts,
  socket: net.Socket,
  { host, port, from = localPorts.address }: Address,
): void {
  const localPort = localPorts.take();
  socket.once('close', () => localPorts.release(localPort));
  socket.connect({ host, port, localAddress: from, localPort });
}
