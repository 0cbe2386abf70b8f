// The HTTP side every server has: routing, refusals, limits, /healthz (queries nothing), /metrics and, with feed `local`, /change.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { parse } from 'node:querystring';
import type { Admission, Admitted, Refusal } from './admission.ts';
import { wholeNumber } from './admission.ts';
import type { Transport } from './app.ts';
import type { ConnectionLog } from './connection-log.ts';
import { parseChange } from './feed/feed.ts';
import type { Metrics } from './metrics.ts';
import { type Change, paths } from './protocol.ts';
import type { QueryFailure } from './store.ts';

/** What an HTTP endpoint is made of; the relay has neither transport nor `onChange`. */
export interface Endpoint {
  metrics: Metrics;
  report(problem: string): void;
  limits: { maxHeaderBytes: number; maxMessageBytes: number; keepAlive: boolean; keepAliveTimeoutMs: number };
  /** PEM files; without them it speaks in the clear. */
  tls?: { certificateFile: string; keyFile: string } | null;
  served?: { transport: Transport; admission: Admission; log: ConnectionLog | null };
  /** Answers what comes to /actions; absent: there is no such path. */
  onAction?(exchange: Exchange): Promise<void>;
  /** What POST /change is told. */
  onChange?(change: Change): void;
  /** What POST /heartbeat asks for: this many rounds. */
  onBeat?(rounds: number): Promise<void>;
  /** TCP keep-alive probes after this idle time; 0 is none. */
  tcpKeepAliveMs?: number;
}

/** A request that nobody has judged yet; `search` is its URL's part after `?`. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly search: string;
}

const noContent = { 'Content-Length': 0 };
const methodNotAllowed: Answer = { status: 405, headers: { Allow: 'GET', ...noContent } };
const plainText = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };

/** An HTTP server that is not yet listening. */
export function createEndpoint(endpoint: Endpoint): Server {
  const { limits, served, tls = null, tcpKeepAliveMs = 0 } = endpoint;
  const options = {
    keepAlive: tcpKeepAliveMs > 0,
    keepAliveInitialDelay: tcpKeepAliveMs,
    maxHeaderSize: limits.maxHeaderBytes,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    ServerResponse: served?.transport.Response ?? ServerResponse,
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const handled = route(endpoint, request, response);
    if (handled instanceof Promise) handled.catch((error) => fail(endpoint, response, error));
  };
  const server =
    tls === null
      ? createServer(options, onRequest)
      : createSecureServer(
          { ...options, cert: readFileSync(tls.certificateFile), key: readFileSync(tls.keyFile) },
          onRequest,
        );
  // A failed accept (no descriptor left) concerns one client, not the server.
  server.once('listening', () => server.on('error', (error) => endpoint.report(`could not accept: ${error.message}`)));
  server.maxRequestsPerSocket = limits.keepAlive ? 0 : 1;
  if (served?.transport.upgrade !== undefined) routeUpgrades(server, served);
  return server;
}

/** Shared by all who get the same one. With a `body`, `headers` has its Content-Length. */
export interface Answer {
  status: number;
  headers: OutgoingHttpHeaders;
  body?: Buffer;
}

/** Answers and counts, unless the client has gone. */
export function answer(metrics: Metrics, response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  metrics.countResponse(status);
  response.writeHead(status, headers).end(body);
}

/** `busy`: too many at once, or no database connection came free in time; `failed`: the query did not succeed. */
export const failures: Readonly<Record<QueryFailure, Answer>> = {
  busy: { status: 503, headers: { 'Retry-After': '1', 'Content-Length': 0 } },
  failed: { status: 500, headers: { 'Content-Length': 0 } },
};

export function refusalOf(refusal: Refusal): Answer {
  return refusal === 503 ? failures.busy : { status: refusal, headers: noContent };
}

function route(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): void | Promise<void> {
  const { served, metrics, onAction, onChange, onBeat } = endpoint;
  const [path, search] = splitTarget(request);
  if (path === served?.transport.path) {
    served.log?.requested(request.socket);
    if (request.method !== 'GET') return answer(metrics, response, methodNotAllowed);
    const verdict = served.admission.judge(request, search);
    if (verdict instanceof Promise)
      return verdict.then((told) => serve(endpoint, { request, response, verdict: told }));
    return serve(endpoint, { request, response, verdict });
  }
  if (path === paths.actions && onAction !== undefined) {
    served?.log?.requested(request.socket);
    if (response.socket === null) tellOfEnd(request, response);
    return onAction({ request, response, search });
  }
  if (path === paths.health) return void response.writeHead(200, plainText).end('ok\n');
  if (path === paths.metrics) return serveMetrics(metrics, response);
  if (path === paths.change && request.method === 'POST' && onChange !== undefined)
    return takeChange(endpoint, request, response);
  if (path === paths.heartbeat && request.method === 'POST' && onBeat !== undefined) {
    const rounds = Math.min(mostRounds, wholeNumber(parse(search).rounds) ?? 1);
    return onBeat(rounds).then(() => void response.writeHead(204).end());
  }
  return answer(metrics, response, { status: 404, headers: noContent });
}

/** Heartbeats in a row that one may ask for. */
const mostRounds = 10_000;

/** Refuses what was judged so, and leaves the others to the transport. */
function serve(
  { served, metrics }: Endpoint,
  { request, response, verdict }: { request: IncomingMessage; response: ServerResponse; verdict: Admitted | Refusal },
): void | Promise<void> {
  if (typeof verdict === 'number') return answer(metrics, response, refusalOf(verdict));
  // node:http goes on to read what came before the end of a connection, and what is held then would never be let go.
  if (request.socket.destroyed) return;
  if (response.socket === null) tellOfEnd(request, response);
  return served?.transport.handle(request, response, verdict);
}

/** Responses that wait behind others on their connection (pipelining). */
const waitingOn = new WeakMap<Socket, Set<ServerResponse>>();

/** node:http tells a response of its connection's end only once its turn has come: one that waits would do so for ever. */
function tellOfEnd({ socket }: IncomingMessage, response: ServerResponse): void {
  const waiting = waitingOn.get(socket) ?? watchEnd(socket);
  waiting.add(response);
  response.once('close', () => waiting.delete(response));
}

function watchEnd(socket: Socket): Set<ServerResponse> {
  const waiting = new Set<ServerResponse>();
  waitingOn.set(socket, waiting);
  socket.once('close', () => {
    for (const response of waiting) {
      if (response.socket !== null) continue;
      response.destroy();
      response.emit('close');
    }
  });
  return waiting;
}

/** The path, and what follows `?`. Never `new URL`, which throws on what anybody may send (`//`). */
function splitTarget({ url = '/' }: IncomingMessage): [path: string, search: string] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

async function serveMetrics({ registry }: Metrics, response: ServerResponse): Promise<void> {
  const text = await registry.metrics();
  response.writeHead(200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' }).end(text);
}

async function takeChange(
  { limits, onChange }: Endpoint,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > limits.maxMessageBytes) return void response.writeHead(413, { Connection: 'close' }).end();
  }
  const change = parseChange(body);
  if (change !== null) onChange?.(change);
  response.writeHead(change === null ? 400 : 204).end();
}

function routeUpgrades(server: Server, { transport, admission, log }: NonNullable<Endpoint['served']>): void {
  server.on('upgrade', (request, socket, head) => {
    // Until a transport has taken the socket over, a client that vanishes is nobody's error.
    socket.on('error', () => socket.destroy());
    const [path, search] = splitTarget(request);
    if (path === transport.path) log?.requested(socket);
    const verdict = path === transport.path ? admission.judge(request, search) : 404;
    const upgrade = (told: Admitted | Refusal) => transport.upgrade?.(request, socket, head, told);
    if (!(verdict instanceof Promise)) upgrade(verdict);
    else verdict.then(upgrade, () => socket.destroy());
  });
}

function fail({ report, metrics }: Endpoint, response: ServerResponse, error: unknown): void {
  report(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
  if (response.headersSent) response.destroy();
  else answer(metrics, response, failures.failed);
}
