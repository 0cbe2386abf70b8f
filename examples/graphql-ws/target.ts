// graphql-ws: the connection is acknowledged before one may subscribe, and a subscription begins with the next change.
import { defineTarget } from 'freshet/target';

const subscribe = JSON.stringify({
  id: '1',
  type: 'subscribe',
  payload: { query: 'subscription { dashboard { version open } }' },
});

export default defineTarget({
  name: 'graphql-ws',
  transport: 'websocket',
  url: 'ws://127.0.0.1:4103/graphql',
  run: 'node server.mjs',
  subprotocol: 'graphql-transport-ws',
  onOpen: JSON.stringify({ type: 'connection_init' }),
  snapshot: false,
  decode: (message) => {
    const { type, payload } = JSON.parse(message);
    if (type === 'connection_ack') return { reply: subscribe };
    if (type === 'ping') return { reply: '{"type":"pong"}' };
    return type === 'next' ? { version: payload.data.dashboard.version } : null;
  },
  publish: ({ version, url }) =>
    fetch(new URL('/change', url.replace('ws', 'http')), { method: 'POST', body: JSON.stringify({ version }) }),
});
