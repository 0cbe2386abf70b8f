// A real Chromium beside the virtual client, on the same server: the same requests, the same way back after a broken stream, the same
// reading of close codes and statuses. Where there is no browser, this says so loudly; in CI, which installs one, it fails.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../servers/protocol.ts';
import { nowUs } from '../contract/clock.ts';
import type { Transport } from '../contract/record.ts';
import { backoffOf } from '../plan/backoff.ts';
import { DashboardServer, type Exchange, status } from './dashboard-server.fixture.ts';
import { reactTo } from './reaction.ts';
import { Probe } from './session-probe.fixture.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const isMissing = !existsSync(executablePath);

if (isMissing)
  process.stderr.write(
    `\n!!! virtual clients were NOT held against a browser: ${executablePath} is missing (apt-get install chromium, or set CHROMIUM)\n\n`,
  );

it.skipIf(isMissing && process.env.CI === undefined)('has a browser in CI', () => {
  expect(isMissing, `${executablePath} is missing; CI must install chromium`).toBe(false);
});

const reconnecting = { backoff: backoffOf('exponential'), byBrowser: true, retriesOnError: false };
const closeCodes = [1000, 1001, 1006, 1008, 1011, 1012, 1013];
const statuses = [401, 403, 404, 429, 500, 502, 503];

/** Opens a WebSocket and ends it at once: with a Close frame or, for 1006, without a word. */
function closing(code: number): (exchange: Exchange) => void {
  return ({ request, socket }) => {
    const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${guid}`).digest('base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write(`${head.join('\r\n')}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    if (code === 1006) socket.end();
    else {
      socket.once('data', () => socket.end());
      socket.write(Buffer.of(0x88, 2, code >> 8, code & 0xff));
    }
  };
}

/** What a login page in the way does, or a dashboard that has moved. */
const redirect = ({ request, response, socket }: Exchange) => {
  const location = `${request.url?.split('?')[0]}?case=here`;
  if (response !== null) response.writeHead(302, { Location: location }).end();
  else socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
};

const here = ({ request, response }: Exchange) => {
  const isStream = request.headers.accept === 'text/event-stream';
  response?.writeHead(200, { 'Content-Type': isStream ? 'text/event-stream' : 'application/json' }).write('\n\n');
  if (!isStream) response?.end();
};

const plain = (exchange: Exchange) =>
  exchange.response?.writeHead(200, { 'Content-Type': 'text/plain' }).end('no events');

const answers: Readonly<Record<string, (exchange: Exchange) => void>> = {
  ...Object.fromEntries(closeCodes.map((code) => [`close ${code}`, closing(code)])),
  ...Object.fromEntries(statuses.map((code) => [`status ${code}`, status(code)])),
  'wrong type': plain,
  redirect,
  here,
};

describe.skipIf(isMissing)('a virtual client, beside a browser', () => {
  let browser: Browser;
  let page: Page;
  let server: DashboardServer;

  beforeAll(async () => {
    server = await DashboardServer.start();
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    page = await browser.newPage();
    // A page of the server's own, so that requests are of the same origin.
    await page.goto(ownPage());
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const ownPage = () => `http://127.0.0.1:${server.address.port}${paths.dashboard}`;

  /** From now on: a browser's requests are answered as their `case` says, all others as `mine` says. */
  function answerCases(mine: string | null): void {
    server.answerWith((exchange) => {
      const url = new URL(exchange.request.url ?? '', 'http://localhost');
      answers[url.searchParams.get('case') ?? mine ?? '']?.(exchange);
    });
  }

  async function endOf(transport: Transport, name: string) {
    answerCases(name);
    const probe = new Probe(transport, server.address).open();
    await probe.until(`${transport} ends by ${name}`, () => probe.end !== null);
    probe.stop();
    if (probe.end === null) throw new Error('no end');
    return probe.end;
  }

  /** What Chromium sends beyond the virtual client's request, and why the latter does without. */
  const beyond: Readonly<Record<string, string>> = {
    referer: 'its length is that of the address of the page, which is the application’s own',
    'sec-ch-ua': 'client hints: to https and localhost only, and by Chromium alone',
    'sec-ch-ua-mobile': 'likewise',
    'sec-ch-ua-platform': 'likewise',
    'sec-websocket-extensions': 'offers compression, which the servers do not take',
  };

  it.each<[Transport, string]>([
    ['polling', "fetch('/dashboard?audience=0', { headers: { Accept: 'application/json' } })"],
    ['long-polling', "fetch('/dashboard?audience=0', { headers: { Accept: 'application/json' } })"],
    ['sse', "(globalThis.kept = new EventSource('/events?audience=0'))"],
    ['websocket', "(globalThis.kept = new WebSocket(location.origin.replace('http', 'ws') + '/ws?audience=0'))"],
  ])('asks as it does: %s', async (transport, act) => {
    server.answerWith(null);
    // With nothing in its cache, so that it revalidates nothing.
    const fresh = await browser.newContext();
    const own = await fresh.newPage();
    await own.goto(ownPage());
    const before = server.asked.length;
    const asked = () => server.asked.slice(before).filter(({ url }) => url.includes('audience=0'));
    await own.evaluate(`void ${act}`);
    await server.until('the browser has asked', () => asked().length === 1);
    await fresh.close();
    const probe = new Probe(transport, server.address).open();
    await server.until('the virtual client has asked', () => asked().length > 1);
    probe.stop();
    const [real, virtual] = asked();
    const namesOf = (asked: typeof real) => Object.keys(asked?.headers ?? {}).sort();
    expect(virtual?.url).toBe(real?.url);
    expect(namesOf(virtual)).toEqual(namesOf(real).filter((name) => !(name in beyond)));
  });

  it('reads close codes as it does', async () => {
    const virtual: unknown[] = [];
    for (const code of closeCodes) virtual.push(await endOf('websocket', `close ${code}`));
    const real = await page.evaluate<number[]>(
      `Promise.all(${JSON.stringify(closeCodes)}.map((code) => new Promise((resolve) => {
        const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws?case=close ' + code);
        socket.onclose = (event) => resolve(event.code);
      })))`,
    );
    expect(real).toEqual(closeCodes);
    expect(virtual).toEqual(real.map((code) => ({ kind: 'closed', code })));
  });

  it('does not learn the status of a refused handshake, and comes back', async () => {
    const real = await page.evaluate<number[]>(
      `Promise.all(${JSON.stringify(statuses)}.map((code) => new Promise((resolve) => {
        const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws?case=status ' + code);
        socket.onclose = (event) => resolve(event.code);
      })))`,
    );
    expect(real).toEqual(statuses.map(() => 1006));
    const lost = reactTo({ kind: 'closed', code: 1006 }, 'websocket', reconnecting, 0);
    for (const code of statuses)
      expect(reactTo(await endOf('websocket', `status ${code}`), 'websocket', reconnecting, 0)).toEqual(lost);
  });

  it('gives an event stream up for the answers for which it does', async () => {
    const names = [...statuses.map((code) => `status ${code}`), 'wrong type'];
    answerCases(null);
    const real = await page.evaluate<number[]>(
      `Promise.all(${JSON.stringify(names)}.map((name) => new Promise((resolve) => {
        const source = new EventSource('/events?case=' + name);
        source.onerror = () => resolve(source.readyState);
      })))`,
    );
    const closed = 2;
    expect(real).toEqual(names.map(() => closed));
    for (const name of names)
      expect(reactTo(await endOf('sse', name), 'sse', reconnecting, 3_000_000), name).toEqual({ kind: 'give-up' });
  });

  it('follows no redirect, which fetch and EventSource do and a WebSocket does not', async () => {
    answerCases(null);
    const real = await page.evaluate<unknown[]>(
      `Promise.all([
        fetch('/dashboard?case=redirect').then(({ status, redirected }) => [status, redirected]),
        new Promise((resolve) => {
          const source = new EventSource('/events?case=redirect');
          source.onopen = () => resolve('open');
          source.onerror = () => resolve('failed');
        }),
        new Promise((resolve) => {
          const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws?case=redirect');
          socket.onclose = ({ code }) => resolve(code);
        }),
      ])`,
    );
    expect(real).toEqual([[200, true], 'open', 1006]);
    expect(await endOf('polling', 'redirect')).toMatchObject({ kind: 'status', status: 302 });
    expect(reactTo(await endOf('sse', 'redirect'), 'sse', reconnecting, 0)).toEqual({ kind: 'give-up' });
    const lost = reactTo({ kind: 'closed', code: 1006 }, 'websocket', reconnecting, 0);
    expect(reactTo(await endOf('websocket', 'redirect'), 'websocket', reconnecting, 0)).toEqual(lost);
  });

  it('sees the statuses of polls as it does', async () => {
    answerCases(null);
    const real = await page.evaluate<number[]>(
      `Promise.all(${JSON.stringify(statuses)}.map((code) => fetch('/dashboard?case=status ' + code).then(({ status }) => status)))`,
    );
    for (const [index, code] of statuses.entries())
      expect(await endOf('polling', `status ${code}`)).toMatchObject({ kind: 'status', status: real[index] });
  });

  it.each([
    ['3 s of itself', null, 3_000],
    ['what `retry:` says', 700, 700],
  ])('comes back to a broken stream after %s', async (_when, retryMs, expectedMs) => {
    server.answerWith(null);
    server.retryMs = retryMs;
    const before = server.asked.length;
    await page.evaluate("void (globalThis.kept = new EventSource('/events?audience=0'))");
    await server.until('a stream is open', () => server.subscribers.size === 1);
    server.cut((socket) => [...server.subscribers].some((subscriber) => subscriber.socket === socket));
    const cutUs = nowUs();
    await server.until('the browser is back', () => server.asked.length === before + 2);
    await page.evaluate('globalThis.kept.close()');
    const back = server.asked[before + 1];
    const realMs = ((back?.atUs ?? 0) - cutUs) / 1000;
    const virtual = reactTo({ kind: 'broken', detail: '' }, 'sse', reconnecting, expectedMs * 1000);
    expect(virtual).toEqual({ kind: 'wait', delayUs: expectedMs * 1000 });
    expect(realMs).toBeGreaterThan(expectedMs * 0.9);
    // A busy machine may be late, never early.
    expect(realMs).toBeLessThan(expectedMs * 1.1 + 400);
    expect(back?.headers['last-event-id']).toBe('0');
  });
});
