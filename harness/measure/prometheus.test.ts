import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Histogram, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { histogramBetween, parsePrometheus, readPrometheus, sumOf } from './prometheus.ts';

describe('/metrics', () => {
  test('is read with its labels, escapes and comments', () => {
    const reading = parsePrometheus(
      '# HELP a text\n# TYPE a counter\na{b="x\\"y",c="}"} 3\na{b="z"} 4 1700000000\nplain 0.5\n',
    );
    expect(sumOf(reading, 'a')).toBe(7);
    expect(sumOf(reading, 'a', { b: 'z' })).toBe(4);
    expect(sumOf(reading, 'plain')).toBe(0.5);
    expect(sumOf(reading, 'missing')).toBeNull();
  });

  test('of prom-client gives back what was counted', async () => {
    const registers = [new Registry()];
    const counter = new Counter({ name: 'requests_total', help: 'h', labelNames: ['status'], registers });
    counter.inc({ status: '200' }, 12);
    counter.inc({ status: '503' }, 3);
    const reading = parsePrometheus((await registers[0]?.metrics()) ?? '');
    expect(sumOf(reading, 'requests_total')).toBe(15);
    expect(sumOf(reading, 'requests_total', { status: '503' })).toBe(3);
  });

  test('histograms between two readings hold only what came between, at their buckets’ upper bounds', async () => {
    const registry = new Registry();
    const histogram = new Histogram({
      name: 'wait_seconds',
      help: 'h',
      buckets: [0.001, 0.01, 0.1],
      registers: [registry],
    });
    histogram.observe(0.05);
    const before = parsePrometheus(await registry.metrics());
    for (const seconds of [0.0005, 0.005, 0.005, 0.5]) histogram.observe(seconds);
    const between = histogramBetween(before, parsePrometheus(await registry.metrics()), 'wait_seconds');
    expect(between?.totalCount).toBe(4);
    expect(between?.getValueAtPercentile(25)).toBe(1_000);
    expect(between?.getValueAtPercentile(75)).toBe(10_000 + 7);
    expect(between?.maxValue).toBe(200_000);
    expect(histogramBetween(before, before, 'other_seconds')).toBeNull();
  });
});

test('metrics that cannot be read are told with their address, as no bug', async () => {
  const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/metrics`;
  await expect(readPrometheus(url)).rejects.toMatchObject({
    kind: 'environment',
    message: `${url} cannot be read: status 404; expected metrics in Prometheus text format`,
  });
  server.close();
  await once(server, 'close');
  await expect(readPrometheus(url)).rejects.toMatchObject({ kind: 'environment', message: /ECONNREFUSED/ });
});
