// A process's listening socket and its end: stop accepting, let connections finish for a while, cut what is left.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  readonly port: number;
  /** Resolves when the last connection has ended and everything is closed. */
  stop(): Promise<void>;
}

export interface ListenSettings {
  host: string;
  port: number;
  backlog?: number;
  drainMs?: number;
}

const idleCheckMs = 10;

export interface Ending {
  /** Tells the clients that this process goes away; they have `drainMs` to leave. */
  drain?(): void;
  /** Ends what node:http cannot end itself; called when the time is over, and at last. */
  cut?(): void;
  /** Closes the rest, after the last connection. */
  close(): Promise<void>;
}

/** Listens; rejects when the port is taken. */
export async function listen(server: Server, settings: ListenSettings, ending: Ending): Promise<Listening> {
  const { host, port, backlog } = settings;
  server.listen({ host, port, ...(backlog !== undefined && { backlog }) });
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return { port: address.port, stop: () => stop(server, settings.drainMs ?? 0, ending) };
}

async function stop(server: Server, drainMs: number, ending: Ending): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  ending.drain?.();
  // Connections kept alive for a next request would hold the server open until they time out.
  const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
  const cut = setTimeout(() => {
    ending.cut?.();
    server.closeAllConnections();
  }, drainMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
  ending.cut?.();
  await ending.close();
}
