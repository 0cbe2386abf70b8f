// Ports are handed out once, the longest rested first; and a real server sees real sockets come from them.
import net from 'node:net';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Connection } from './connection.ts';
import { LocalPorts } from './local-ports.ts';

test('no port is handed out twice, none beyond the range, and all of them before it is exhausted', () => {
  const range = { address: '127.0.1.1', first: 10_000, last: 10_009 };
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), (start, steps) => {
      const ports = new LocalPorts(range, start);
      const held: number[] = [];
      for (const step of steps) {
        if (step < held.length) {
          const [port] = held.splice(step, 1);
          ports.release(port as number);
        } else if (held.length < 10) {
          const port = ports.take();
          expect(held).not.toContain(port);
          expect(port).toBeGreaterThanOrEqual(10_000);
          expect(port).toBeLessThanOrEqual(10_009);
          held.push(port);
        } else expect(() => ports.take()).toThrow(RangeError);
      }
    }),
  );
});

test('a port that was given back rests while others are free', () => {
  const ports = new LocalPorts({ address: '127.0.1.1', first: 10, last: 13 }, 2);
  expect([ports.take(), ports.take()]).toEqual([12, 13]);
  ports.release(12);
  expect([ports.take(), ports.take(), ports.take()]).toEqual([10, 11, 12]);
});

test('connections come from the address and ports of the shard, and give them back', async () => {
  const seen: string[] = [];
  const server = net.createServer((socket) => {
    seen.push(`${socket.remoteAddress}:${socket.remotePort}`);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
  const traffic = { bytesIn: 0, bytesOut: 0, payloadIn: 0, payloadOut: 0 };
  const localPorts = new LocalPorts({ address: '127.0.1.77', first: 10_000, last: 10_003 }, 0);
  const connect = () =>
    new Promise<Connection>((resolve, reject) => {
      const connection = new Connection(
        address,
        { onConnected: () => resolve(connection), onBytes() {}, onGone: (_opened, error) => reject(error) },
        { traffic, localPorts, tls: null },
      );
    });
  const first = await Promise.all([connect(), connect(), connect()]);
  await vi.waitFor(() => expect(seen).toHaveLength(3));
  expect(seen.toSorted()).toEqual([10_000, 10_001, 10_002].map((port) => `127.0.1.77:${port}`));
  for (const connection of first) connection.drop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const second = await connect();
  await vi.waitFor(() => expect(seen[3]).toBe('127.0.1.77:10003'));
  second.drop();
  server.close();
});
