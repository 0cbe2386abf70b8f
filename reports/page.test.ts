// report.html in a real browser. Where there is none, this says so loudly; in CI, which installs one, it fails.
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hostileRecord, invalidRecord, twelveRecord } from './fixtures/odd.ts';
import { eightStormRecord } from './fixtures/odd-storm.ts';
import { buildRecord } from './fixtures/record.ts';
import { buildMixedRecord } from './fixtures/storm.ts';
import { renderReport } from './render.ts';
import { readRun } from './run.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const isMissing = !existsSync(executablePath);
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

if (isMissing)
  process.stderr.write(
    `\n!!! report.html was NOT tested in a browser: ${executablePath} is missing (apt-get install chromium, or set CHROMIUM)\n\n`,
  );

it.skipIf(isMissing && process.env.CI === undefined)('has a browser in CI', () => {
  expect(isMissing, `${executablePath} is missing; CI must install chromium`).toBe(false);
});

describe.skipIf(isMissing)('report.html in a browser', () => {
  let browser: Browser;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'freshet-report-'));
    const pages: Record<string, Parameters<typeof renderReport>[0]> = {
      default: [readRun(buildRecord())],
      hostile: [readRun(hostileRecord())],
      twelve: [readRun(twelveRecord())],
      mixed: [readRun(buildMixedRecord())],
      storms: [readRun(eightStormRecord())],
      several: [readRun(invalidRecord()), readRun(hostileRecord())],
    };
    for (const [name, runs] of Object.entries(pages))
      await writeFile(join(directory, `${name}.html`), await renderReport(runs));
    browser = await chromium.launch({ executablePath, args: flags });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await rm(directory, { recursive: true, force: true });
  });

  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

  /** Opens a report from the disk and collects what a strict page must not do. */
  async function open(
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; requests: string[]; complaints: string[] }> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url().slice(0, 200)));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => complaints.push('dialog')));
    await page.goto(pathToFileURL(join(directory, `${name}.html`)).href);
    return { page, requests, complaints };
  }

  const widthOf = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');
  const backgroundOf = (page: Page) => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  const openDetails = (page: Page) =>
    page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');

  it.each(['default', 'hostile'])('asks for nothing but itself and breaks no rule of its policy: %s', async (name) => {
    const { page, requests, complaints } = await open(name);
    await page.click('#theme');
    await page.hover('.plot.wide');
    expect(requests.filter((url) => !url.startsWith('data:font/'))).toEqual([page.url()]);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('document.fonts.check("600 12px Inter")')).toBe(true);
  });

  it('renders hostile text as text', async () => {
    const { page } = await open('hostile');
    expect(await page.title()).toMatch(/^Freshet: /);
    expect(await page.locator('script').count()).toBe(1);
    expect(await page.locator('main img, main script, main iframe, main a:not([href^="#"])').count()).toBe(0);
    const handlers =
      '[...document.querySelectorAll("*")].flatMap((each) => each.getAttributeNames()).filter((name) => name.startsWith("on")).length';
    expect(await page.evaluate(handlers)).toBe(0);
    expect(await page.locator('body').innerText()).not.toMatch(/(?!\n|\t)\p{Cc}|\p{Cf}/u);
    expect(await page.locator('body').innerText()).toContain('<script>document.title="pwned"</script>');
  });

  it('is complete without JavaScript', async () => {
    const { page } = await open('default', { javaScriptEnabled: false });
    expect(await page.locator('figure .plot.wide svg').count()).toBe(6);
    expect(await page.locator('.plot.wide svg').first().isVisible()).toBe(true);
    expect(await page.locator('#theme').isVisible()).toBe(false);
    await page.locator('figure summary').first().click();
    expect(await page.locator('figure table').first().isVisible()).toBe(true);
  });

  it.each(['default', 'hostile', 'twelve', 'mixed', 'storms', 'several'])(
    'never scrolls sideways, and shows a phone or a desk its own drawings: %s',
    async (name) => {
      const { page } = await open(name);
      await openDetails(page);
      for (const width of [390, 720, 1_000]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await widthOf(page)).toBeLessThanOrEqual(width);
        expect(await page.locator('.plot.narrow svg').first().isVisible()).toBe(width <= 720);
        expect(await page.locator('.plot.wide svg').first().isVisible()).toBe(width > 720);
      }
    },
  );

  it('can be used without sight or colour, by what axe-core can tell, light and dark', async () => {
    for (const [name, colorScheme] of [
      ['mixed', 'light'],
      ['several', 'dark'],
    ] as const) {
      const { page } = await open(name, { bypassCSP: true, colorScheme });
      await page.locator('figure summary').first().click();
      await page.evaluate(axe.source);
      const { broken, passed } = await page.evaluate<{ broken: string[]; passed: number }>(
        'axe.run().then(({ violations, passes }) => ({ broken: violations.map(({ id, nodes }) => [id, nodes[0].html].join(": ")), passed: passes.length }))',
      );
      expect({ name, colorScheme, broken }).toEqual({ name, colorScheme, broken: [] });
      expect(passed, 'rules that were tried').toBeGreaterThan(20);
    }
  });

  it('follows the system’s theme until the reader chooses', async () => {
    const { page } = await open('default', { colorScheme: 'dark' });
    expect(await backgroundOf(page)).toBe('rgb(13, 17, 23)');
    await page.click('#theme');
    expect(await backgroundOf(page)).toBe('rgb(255, 255, 255)');
    await page.click('#theme');
    expect(await backgroundOf(page)).toBe('rgb(13, 17, 23)');
  });

  it('prints light and as on a desk, whatever the screen', async () => {
    const paperWidth = { width: 700, height: 1000 };
    const { page } = await open('default', { colorScheme: 'dark', viewport: paperWidth });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await backgroundOf(page)).toBe('rgb(255, 255, 255)');
    expect(await page.locator('.plot.wide svg').first().isVisible()).toBe(true);
    expect(await widthOf(page)).toBeLessThanOrEqual(paperWidth.width);
    expect(await page.locator('nav').isVisible()).toBe(false);
    const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    const pages = pdf.toString('latin1').match(/\/Type ?\/Page\b/g)?.length ?? 0;
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(10);
  });

  it('shows the storm in a section of its own, and none of it in the comparison', async () => {
    const { page } = await open('mixed');
    const sectionOf = (id: string) => page.locator('section', { has: page.locator(`#${id}`) });
    expect(await sectionOf('comparison').locator('table').first().locator('tbody tr').count()).toBe(5);
    expect(await sectionOf('comparison').innerText()).not.toContain('backoff');
    expect(await sectionOf('charts').locator('figure').count()).toBe(6);
    expect(await sectionOf('reconnect-storm').locator('figure').count()).toBe(1);
    const plot = sectionOf('reconnect-storm').locator('.plot.wide');
    await plot.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#tip').innerText()).toBe(
      'fixed delay, 1 s after the fault: 500 attempts, 0 accepted, 500 refused in 100 ms',
    );
  });

  it('has no empty comparison where only storms were run', async () => {
    const { page } = await open('storms');
    expect(await page.locator('#comparison, #charts').count()).toBe(0);
    expect(await page.locator('h1').innerText()).toMatch(/^After the server was back, /);
  });

  it('sets one contender off in all charts, by pointer and by keyboard', async () => {
    const { page } = await open('default');
    const dimmed = (series: string) =>
      page.evaluate<number[]>(
        `[...document.querySelectorAll('.wide')].map((plot) => [...plot.querySelectorAll('[data-dim]')].filter((each) => each.outerHTML.includes('var(--${series}-0')).length)`,
      );
    await page.locator('#comparison ~ .table tr', { hasText: 'websocket' }).first().hover();
    expect(await dimmed('websocket')).toEqual([0, 0, 0, 0, 0, 0]);
    for (const count of await dimmed('polling')) expect(count).toBeGreaterThan(0);
    await page.locator('h1').hover();
    expect(await page.locator('[data-dim]').count()).toBe(0);
    await page.locator('.plot.wide').nth(1).focus();
    await page.keyboard.press('ArrowRight');
    for (const count of await dimmed('websocket')) expect(count).toBeGreaterThan(0);
    expect(await dimmed('polling')).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('leads from one run to the next where a page holds several', async () => {
    const { page, complaints } = await open('several');
    expect(await page.locator('h1').first().innerText()).toBe('2 runs');
    const joint = page.locator('main > .table').first();
    expect(await joint.locator('tbody tr').count()).toBe(5 + 2);
    await page.locator('.runs a').nth(1).click();
    expect(await page.evaluate('location.hash')).toBe('#run-2');
    const ids = await page.evaluate<string[]>('[...document.querySelectorAll("[id]")].map(({ id }) => id)');
    expect(new Set(ids).size).toBe(ids.length);
    expect(complaints).toEqual([]);
  });

  it('reads its points by pointer and by keyboard', async () => {
    const { page } = await open('default');
    const plot = page.locator('.plot.wide').nth(1);
    await plot.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#tip').innerText()).toBe('polling: 15,003 queries/min · theory 15,000');
    await page.evaluate("dispatchEvent(new Event('scroll'))");
    expect(await page.locator('#tip').innerText(), 'after a scroll').not.toBe('');
    await page.keyboard.press('Escape');
    expect(await page.locator('#tip').innerText()).toBe('');
    const dot = plot.locator('[data-tip^="websocket"]');
    await dot.hover({ force: true });
    expect(await page.locator('#tip').innerText()).toContain('websocket: 12 queries/min');
  });
});
