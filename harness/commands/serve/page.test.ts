// The live page in a real browser, on real servers: what it shows, what its policy allows, and how it takes the loss of a server.
import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRig, type Rig } from '../../../servers/rig.fixture.ts';
import { nowUs } from '../../contract/clock.ts';
import type { Transport } from '../../contract/record.ts';
import { backoffOf, backoffUs } from '../../plan/backoff.ts';
import { type LivePage, startLivePage } from './page.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const isMissing = !existsSync(executablePath);
/** What the page draws for its backoff. */
const drawn = 0.5;
const transports: readonly Transport[] = ['polling', 'long-polling', 'sse', 'websocket'];

if (isMissing)
  process.stderr.write(
    `\n!!! the live page was NOT tested in a browser: ${executablePath} is missing (apt-get install chromium, or set CHROMIUM)\n\n`,
  );

it.skipIf(isMissing && process.env.CI === undefined)('has a browser in CI', () => {
  expect(isMissing, `${executablePath} is missing; CI must install chromium`).toBe(false);
});

describe.skipIf(isMissing)('the live page', () => {
  let rig: Rig;
  let browser: Browser;
  let live: LivePage;

  beforeAll(async () => {
    rig = await openRig();
    const served = [];
    for (const transport of transports) {
      const { port } = await rig.serve({ transport });
      const address = { host: '127.0.0.1', port };
      served.push({ name: transport, transport, address, pollIntervalMs: 100, authority: null });
    }
    live = await startLivePage(served);
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await live?.close();
    await rig?.close();
  });

  it.each(['light', 'dark'] as const)(
    'can be used without sight or colour, by what axe-core can tell: %s',
    async (colorScheme) => {
      const context = await browser.newContext({ bypassCSP: true, colorScheme });
      const page = await context.newPage();
      await page.goto(live.url);
      await vi.waitFor(async () =>
        expect(await page.locator('section[data-state=open] tbody tr').count()).toBeGreaterThan(16),
      );
      await page.evaluate(axe.source);
      const { broken, passed } = await page.evaluate<{ broken: string[]; passed: number }>(
        'axe.run().then(({ violations, passes }) => ({ broken: violations.map(({ id, nodes }) => [id, nodes[0].html].join(": ")), passed: passes.length }))',
      );
      expect(broken).toEqual([]);
      expect(passed, 'rules that were tried').toBeGreaterThan(10);
      await context.close();
    },
  );

  it('shows each change by all four transports, and says when a server is lost', async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    await page.addInitScript(`Math.random = () => ${drawn}`);
    const openedUs: number[] = [];
    const closedUs: number[] = [];
    page.on('websocket', (webSocket) => {
      openedUs.push(nowUs());
      webSocket.on('close', () => closedUs.push(nowUs()));
    });
    const complaints: string[] = [];
    const foreign: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(live.url) && !request.url().startsWith('data:')) foreign.push(request.url());
    });
    await page.goto(live.url);
    const read = (what: string) =>
      page.evaluate<string[]>(`[...document.querySelectorAll('section ${what}')].map((each) => each.textContent)`);
    const shows = (what: string, all: readonly string[]) =>
      vi.waitFor(async () => expect(await read(what)).toEqual(all), { timeout: 10_000, interval: 30 });
    await shows(
      '.state',
      transports.map(() => 'connected'),
    );
    await shows(
      '[data-is=version]',
      transports.map(() => '0'),
    );
    const version = await rig.change();
    await shows(
      '[data-is=version]',
      transports.map(() => String(version)),
    );
    expect(await read('h2')).toEqual(transports);
    expect((await read('tbody tr')).length).toBe(4 * 5);
    for (const freshness of await read('[data-is=freshness]')) expect(freshness).toMatch(/^[\d,]+ ms$/);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
    await rig.stopNodes();
    await vi.waitFor(
      async () => {
        for (const state of await read('.state')) expect(state).toMatch(/lost|closed/);
      },
      { timeout: 10_000, interval: 50 },
    );
    // Its WebSocket comes back as a virtual client with the same backoff and the same luck does.
    await vi.waitFor(() => expect(openedUs.length).toBeGreaterThan(2), { timeout: 20_000, interval: 20 });
    let plannedUs = 0;
    for (const attempt of [0, 1]) {
      plannedUs = backoffUs(backoffOf('article'), attempt, drawn, plannedUs);
      const realUs = (openedUs[attempt + 1] ?? 0) - (closedUs[attempt] ?? 0);
      expect(realUs).toBeGreaterThan(plannedUs * 0.9);
      // A busy machine may be late, never early.
      expect(realUs).toBeLessThan(plannedUs * 1.1 + 400_000);
    }
  });
});
