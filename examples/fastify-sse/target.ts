// A stream whose changes are the server's own: each tells its number and when it was made, so freshness is measured without publishing.
import { defineTarget } from 'freshet/target';

export default defineTarget({
  name: 'fastify-sse',
  transport: 'sse',
  url: 'http://127.0.0.1:4102/events',
  run: 'node server.mjs',
  decode: (message) => {
    const { id, changedAt } = JSON.parse(message);
    return { version: id, changedAt };
  },
});
