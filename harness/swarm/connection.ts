// One TCP connection of a virtual client: a `net` socket that reads into the one buffer all of a shard's sockets share.
// The owner is found through the socket, so that a connection costs no closure. Bytes are counted here, nowhere else.
import net from 'node:net';
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
}

interface OwnedSocket extends net.Socket {
  owner: ConnectionOwner | null;
  traffic: Traffic;
  opened: boolean;
  failure: Error | null;
}

/** 64 KiB is what the kernel hands over in one read at most; larger messages come in several. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** How long the other side may be silent when we have ended ours. */
const closeWaitMs = 1_000;

function onRead(this: unknown, length: number, buffer: Uint8Array): boolean {
  const socket = this as OwnedSocket;
  socket.traffic.bytesIn += length;
  socket.owner?.onBytes(buffer as Buffer, length);
  return true;
}

function onConnect(this: net.Socket): void {
  const socket = this as OwnedSocket;
  socket.opened = true;
  socket.owner?.onConnected();
}

function onError(this: net.Socket, error: Error): void {
  (this as OwnedSocket).failure = error;
}

function onClose(this: net.Socket): void {
  const socket = this as OwnedSocket;
  const owner = socket.owner;
  socket.owner = null;
  owner?.onGone(socket.opened, socket.failure);
}

const socketOptions = { noDelay: true, onread: { buffer: readBuffer, callback: onRead } } as net.SocketConstructorOpts;

export class Connection {
  readonly #socket: OwnedSocket;
  #ending = false;

  constructor(address: Address, owner: ConnectionOwner, { traffic, localPorts }: ConnectionContext) {
    const socket = new net.Socket(socketOptions) as OwnedSocket;
    socket.owner = owner;
    socket.traffic = traffic;
    socket.opened = false;
    socket.failure = null;
    socket.on('connect', onConnect).on('error', onError).on('close', onClose);
    if (localPorts === null) socket.connect({ host: address.host, port: address.port });
    else connectFrom(localPorts, socket, address);
    this.#socket = socket;
  }

  write(bytes: Buffer): void {
    this.#socket.traffic.bytesOut += bytes.length;
    this.#socket.write(bytes);
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
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.pause();
  }

  /** Ends it at once; the owner hears nothing more. */
  drop(): void {
    this.#socket.owner = null;
    this.#socket.destroy();
  }
}

function connectFrom(localPorts: LocalPorts, socket: net.Socket, { host, port }: Address): void {
  const localPort = localPorts.take();
  socket.once('close', () => localPorts.release(localPort));
  socket.connect({ host, port, localAddress: localPorts.address, localPort });
}
