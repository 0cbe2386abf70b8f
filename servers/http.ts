// The HTTP side every server has: routing, refusals, limits, /healthz (queries nothing), /metrics and, with feed `local`, /change.
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type Server, ServerResponse } from 'node:http';
import { Admission } from './admission.ts';
import type { App, Transport } from './app.ts';
import { parseChange } from './feed/feed.ts';
import type { Metrics } from './metrics.ts';
import { type Change, paths } from './protocol.ts';

/** What an HTTP endpoint is made of; the relay has neither transport nor `onChange`. */
export interface Endpoint {
  metrics: Metrics;
  report(problem: string): void;
  limits: { maxHeaderBytes: number; maxMessageBytes: number; keepAlive: boolean; keepAliveTimeoutMs: number };
  served?: { app: App; transport: Transport };
  /** What POST /change is told. */
  onChange?(change: Change): void;
}

const plainText = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };

/** An HTTP server that is not yet listening. */
export function createEndpoint(endpoint: Endpoint): Server {
  const { limits, served } = endpoint;
  const admission = served === undefined ? null : new Admission(served.app.settings);
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      ServerResponse: served?.transport.Response ?? ServerResponse,
    },
    (request, response) => {
      const handled = route(endpoint, admission, request, response);
      if (handled instanceof Promise) handled.catch((error) => fail(endpoint, response, error));
    },
  );
  server.maxRequestsPerSocket = limits.keepAlive ? 0 : 1;
  if (served?.transport.upgrade !== undefined && admission !== null) routeUpgrades(server, served.transport, admission);
  return server;
}

/** Answers and counts, unless the client has gone. `body` needs its Content-Length among the headers. */
export function answer(
  metrics: Metrics,
  response: ServerResponse,
  status: number,
  headers?: OutgoingHttpHeaders,
  body?: Buffer,
): void {
  if (response.destroyed) return;
  metrics.countResponse(status);
  response.writeHead(status, headers).end(body);
}

/** 503 when no database connection came free in time, 500 when the query failed. */
export function answerFailure(metrics: Metrics, response: ServerResponse, failure: 'busy' | 'failed'): void {
  if (failure === 'busy') answer(metrics, response, 503, { 'Retry-After': '1', 'Content-Length': 0 });
  else answer(metrics, response, 500, { 'Content-Length': 0 });
}

function route(
  endpoint: Endpoint,
  admission: Admission | null,
  request: IncomingMessage,
  response: ServerResponse,
): void | Promise<void> {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const { served, metrics } = endpoint;
  if (served !== undefined && admission !== null && path === served.transport.path) {
    if (request.method !== 'GET') return answer(metrics, response, 405, { Allow: 'GET', 'Content-Length': 0 });
    const verdict = admission.judge(request, mark === -1 ? '' : url.slice(mark + 1));
    if (typeof verdict === 'number') return answer(metrics, response, verdict, { 'Content-Length': 0 });
    return served.transport.handle(request, response, verdict);
  }
  if (path === paths.health) return void response.writeHead(200, plainText).end('ok\n');
  if (path === paths.metrics) return serveMetrics(metrics, response);
  if (path === paths.change && request.method === 'POST' && endpoint.onChange !== undefined)
    return takeChange(endpoint, endpoint.onChange, request, response);
  return answer(metrics, response, 404, { 'Content-Length': 0 });
}

async function serveMetrics({ registry }: Metrics, response: ServerResponse): Promise<void> {
  const text = await registry.metrics();
  response.writeHead(200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' }).end(text);
}

async function takeChange(
  { limits }: Endpoint,
  onChange: (change: Change) => void,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > limits.maxMessageBytes) return void response.writeHead(413, { Connection: 'close' }).end();
  }
  const change = parseChange(body);
  if (change !== null) onChange(change);
  response.writeHead(change === null ? 400 : 204).end();
}

function routeUpgrades(server: Server, transport: Transport, admission: Admission): void {
  server.on('upgrade', (request, socket, head) => {
    // Until a transport has taken the socket over, a client that vanishes is nobody's error.
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url ?? '/', 'http://localhost');
    const verdict = url.pathname === transport.path ? admission.judge(request, url.search.slice(1)) : 404;
    transport.upgrade?.(request, socket, head, verdict);
  });
}

function fail({ report, metrics }: Endpoint, response: ServerResponse, error: unknown): void {
  report(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
  if (response.headersSent) response.destroy();
  else answer(metrics, response, 500, { 'Content-Length': 0 });
}
