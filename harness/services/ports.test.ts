import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './ports.ts';

it('gives ports below the ephemeral range, each once, on which one can listen', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  expect(ports.every((port) => port >= 20_000 && port < 32_768)).toBe(true);
  const server = createServer().listen(ports[0], '127.0.0.1');
  await once(server, 'listening');
  server.close();
});

it('keeps a sign at each, by which a run beside it passes over it, until its process ends', async () => {
  const port = await freePort();
  const take = `require('node:dgram').createSocket('udp4').on('error', ({ code }) => console.log(code)).bind(${port}, '127.0.0.1', process.exit)`;
  expect(spawnSync(process.execPath, ['-e', take], { encoding: 'utf8' }).stdout.trim()).toBe('EADDRINUSE');
});
