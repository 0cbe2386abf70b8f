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

/** Listens; rejects when the port is taken. `close` ends the rest of the process, after the last connection. */
export async function listen(
  server: Server,
  { host, port, backlog, drainMs = 0 }: ListenSettings,
  close: () => Promise<void>,
  tellClients?: { drain(): void; close(): void },
): Promise<Listening> {
  server.listen({ host, port, backlog });
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    tellClients?.drain();
    const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
    const cut = setTimeout(() => {
      tellClients?.close();
      server.closeAllConnections();
    }, drainMs);
    await closed;
    clearInterval(idle);
    clearTimeout(cut);
    tellClients?.close();
    await close();
  };
  return { port: (server.address() as AddressInfo).port, stop };
}
