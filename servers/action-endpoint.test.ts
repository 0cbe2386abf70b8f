// An action whose client leaves before anybody knows whether it may come in.
import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { serveAction } from './action-endpoint.ts';
import { Metrics } from './metrics.ts';

it('is not waited for when its client has left while the token was looked up', async () => {
  let taken = 0;
  const served = new Promise<void>((resolve, reject) => {
    const server = createServer((request, response) => {
      const left = new Promise((resolve) => request.once('close', resolve));
      client.destroy();
      const admission = { judgeAction: () => left.then(() => ({ audience: 0, query: {} })) };
      const actions = {
        take: async () => {
          taken += 1;
          return 1;
        },
      };
      const endpoint = { actions, admission, metrics: new Metrics(), maxBytes: 100 };
      serveAction(endpoint, { request, response, search: '' })
        .then(resolve, reject)
        .finally(() => server.close());
    }).listen(0, '127.0.0.1', () => {
      client.connect((server.address() as AddressInfo).port, '127.0.0.1');
    });
    const client = new Socket();
    client.on('connect', () =>
      client.write(
        'POST /actions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"in',
      ),
    );
  });
  await served;
  expect(taken).toBe(0);
});
