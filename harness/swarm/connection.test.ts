// The end of a connection: a server that never ends its own side must not keep ours.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Connection } from './connection.ts';

test('that was ended is left when the server stays silent and open', async () => {
  const taken: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => taken.push(socket.resume()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const traffic = { bytesIn: 0, bytesOut: 0, payloadIn: 0, payloadOut: 0 };
  const opened = await new Promise<boolean>((resolve) => {
    const owner = { onConnected: () => connection.end(), onBytes: () => {}, onGone: resolve };
    const connection = new Connection({ host: '127.0.0.1', port }, owner, { traffic, localPorts: null, tls: null });
  });
  expect(opened).toBe(true);
  expect(taken.map((socket) => socket.writable)).toEqual([true]);
  for (const socket of taken) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
