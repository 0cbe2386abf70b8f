import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nowUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import { type ChildOptions, startChild } from './child.ts';
import { type Guard, openGuard } from './guard.ts';

let guard: Guard;
beforeAll(async () => {
  guard = await openGuard();
});
afterAll(() => guard.close());

const start = (source: string, options: Partial<ChildOptions> = {}) =>
  startChild({ guard, name: 'server 1', command: process.execPath, args: ['-e', source], readyLine: true, ...options });
const stayAlive = 'setInterval(() => {}, 1000);';

describe('a child', () => {
  it('is ready with its first line, and loses none of those that follow', async () => {
    const child = await start('console.log(\'{"port":42}\\nsecond\\nthird\')');
    expect(child.ready).toEqual({ port: 42 });
    await child.closed;
    const lines: string[] = [];
    child.onLine((line) => lines.push(line));
    expect(lines).toEqual(['second', 'third']);
  });

  it('carries the run’s id and has a process group of its own', async () => {
    const child = await start(`console.log(JSON.stringify({ run: process.env.FRESHET_RUN }));${stayAlive}`);
    expect(child.ready).toEqual({ run: guard.runId });
    expect(process.kill(-child.pid, 0)).toBe(true);
    await child.stop(1_000);
  });

  it('that dies before it is ready is one line with name, exit and last words', async () => {
    const failing = start('console.error("first\\nno such role"); process.exitCode = 3');
    await expect(failing).rejects.toThrow(
      'server 1 ended (exit code 3); expected a JSON line on stdout when ready; its last line on stderr: no such role',
    );
    await expect(failing).rejects.toMatchObject({ kind: 'environment' });
  });

  it('that says something else, or nothing, is ended', async () => {
    await expect(start(`console.log('hello');${stayAlive}`)).rejects.toThrow(
      'server 1 said "hello"; expected a JSON line',
    );
    await expect(start(stayAlive, { readyTimeoutMs: 300 })).rejects.toThrow('server 1 said nothing for 300 ms');
  });

  it('that cannot be started names its command', async () => {
    const missing = startChild({ guard, name: 'redis', command: '/no/such/program', args: [] });
    await expect(missing).rejects.toThrow(FreshetError);
    await expect(missing).rejects.toThrow('redis could not be started: spawn /no/such/program ENOENT');
  });

  it('exchanges messages, typed arrays included', async () => {
    const child = await start('process.on("message", (m) => process.send({ sum: m.reduce((a, b) => a + b), m }))', {
      ipc: true,
      readyLine: false,
    });
    const answer = new Promise<unknown>((resolve) => child.onMessage(resolve));
    expect(child.send(new Float64Array([1, 2.5]))).toBe(true);
    expect(await answer).toEqual({ sum: 3.5, m: new Float64Array([1, 2.5]) });
    await child.stop(1_000);
    expect(child.send('too late')).toBe(false);
  });

  it('reads its stdin, and a write after its end does no harm', async () => {
    const child = await start(
      'process.stdin.once("data", (d) => { console.log(JSON.stringify(String(d))); process.exit(); })',
      {
        readyLine: false,
      },
    );
    const echo = new Promise<string>((resolve) => child.onLine(resolve));
    child.stdin.write('line\n');
    expect(await echo).toBe('"line\\n"');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    child.stdin.write('nobody reads this\n');
    await child.closed;
  });

  it('keeps the end of stderr only', async () => {
    const child = await start('process.stderr.write("x".repeat(100000) + "last words")', { readyLine: false });
    await child.closed;
    expect(child.stderrTail()).toHaveLength(8_000);
    expect(child.stderrTail().endsWith('last words')).toBe(true);
  });
});

describe('stopping a child', () => {
  it('lets it drain', async () => {
    const child = await start(`process.on('SIGTERM', () => process.exit(7));console.log(1);${stayAlive}`);
    await child.stop(5_000);
    expect(await child.exited).toEqual({ code: 7, signal: null });
  });

  it('kills it when it will not, and is safe to ask for twice', async () => {
    const child = await start(`process.on('SIGTERM', () => {});console.log(1);${stayAlive}`);
    const startUs = nowUs();
    await Promise.all([child.stop(300), child.stop(300)]);
    expect(nowUs() - startUs).toBeGreaterThan(290_000);
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await child.stop(300);
  });

  it('thaws a frozen one, so that it drains too', async () => {
    const child = await start(`process.on('SIGTERM', () => process.exit(7));console.log(1);${stayAlive}`);
    process.kill(child.pid, 'SIGSTOP');
    await child.stop(5_000);
    expect(await child.exited).toEqual({ code: 7, signal: null });
  });
});
