// The live page of `serve`: one origin that hands out the page and passes all that the page asks of a server on to that server, so
// that a browser needs no leave to cross origins. In: where the servers are. Out: the page's address.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { nowUs } from '../../contract/clock.ts';
import { FreshetError, messageOf } from '../../contract/errors.ts';
import type { Transport } from '../../contract/record.ts';
import type { Address } from '../../contract/target.ts';

/** A server that the page shows. */
export interface Served {
  readonly name: string;
  readonly transport: Transport;
  readonly address: Address;
  readonly pollIntervalMs: number;
  /** The certificate (PEM) that vouches for it; `null` where it speaks in the clear. */
  readonly authority: string | null;
}

export interface LivePage {
  readonly url: string;
  close(): Promise<void>;
}

const files: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '/': ['page.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
};

const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
};

/** Listens on loopback; `port` 0 lets the system choose. Throws `environment` when it is taken. */
export async function startLivePage(served: readonly Served[], port = 0): Promise<LivePage> {
  const server = http.createServer((request, response) => {
    const hop = hopOf(served, request.url ?? '/');
    if (hop !== null) pass(request, response, hop);
    else void answer(served, request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const hop = hopOf(served, request.url ?? '/');
    if (hop === null) socket.destroy();
    else passUpgrade(request, { socket, head }, hop);
  });
  server.listen({ host: '127.0.0.1', port });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new FreshetError(
      'environment',
      `the live page cannot listen on port ${port}: ${messageOf(error)}; expected a free port; give another by --port, or none`,
    );
  }
  const tunnels = new Set<Duplex>();
  server.on('connection', (socket) => tunnels.add(socket.once('close', () => tunnels.delete(socket))));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const tunnel of tunnels) tunnel.destroy();
      await closed;
    },
  };
}

async function answer(served: readonly Served[], { url = '/' }: IncomingMessage, response: ServerResponse) {
  const file = files[url];
  if (file !== undefined) {
    const body = await readFile(new URL(file[0], import.meta.url));
    response.writeHead(200, { ...headers, 'Content-Type': file[1] }).end(body);
  } else if (url === '/served') {
    const places = served.map(({ name, transport, pollIntervalMs }, address) => ({
      name,
      transport,
      pollIntervalMs,
      address,
    }));
    response.writeHead(200, { ...headers, 'Content-Type': 'application/json' }).end(JSON.stringify(places));
  } else if (url === '/clock') {
    response.writeHead(200, { ...headers, 'Content-Type': 'text/plain' }).end(String(Math.round(nowUs())));
  } else response.writeHead(404, headers).end();
}

interface Hop {
  readonly server: Served;
  readonly path: string;
}

/** `/at/1/events?audience=0` is `/events?audience=0` of the second server; `null` for what is the page's own. */
function hopOf(served: readonly Served[], url: string): Hop | null {
  const [, index, path] = /^\/at\/(\d{1,2})(\/.*)$/.exec(url) ?? [];
  const server = served[Number(index)];
  return server === undefined || path === undefined ? null : { server, path };
}

/** Over the connections that node:http keeps alive. */
function ask({ server: { address, authority }, path }: Hop, { method, headers }: IncomingMessage): http.ClientRequest {
  const options = { host: address.host, port: address.port, path, headers, ...(method !== undefined && { method }) };
  return authority === null ? http.request(options) : https.request({ ...options, ca: authority });
}

function pass(request: IncomingMessage, response: ServerResponse, hop: Hop): void {
  const asked = ask(hop, request);
  asked.on('response', (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers);
    answered.pipe(response).flushHeaders();
    // A server that dies in the middle must not look like one that was done.
    answered.on('error', () => response.destroy());
  });
  asked.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502, headers).end()));
  response.on('close', () => asked.destroy());
  request.pipe(asked);
}

function passUpgrade(request: IncomingMessage, { socket, head }: { socket: Duplex; head: Buffer }, hop: Hop): void {
  const asked = ask(hop, request);
  asked.on('upgrade', (answered, beyond, rest) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${spell(answered)}\r\n`);
    beyond.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => beyond.destroy());
    if (rest.length > 0) socket.write(rest);
    if (head.length > 0) beyond.write(head);
    beyond.pipe(socket).pipe(beyond);
  });
  asked.on('response', (answered) => {
    socket.end(`HTTP/1.1 ${answered.statusCode} ${answered.statusMessage}\r\n${spell(answered)}\r\n`);
    answered.resume();
  });
  asked.on('error', () => socket.destroy());
  asked.end();
}

function spell({ rawHeaders }: IncomingMessage): string {
  let lines = '';
  for (let i = 0; i < rawHeaders.length; i += 2) lines += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return lines;
}
