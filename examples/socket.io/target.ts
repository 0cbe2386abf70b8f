// socket.io over WebSocket alone: Engine.IO's packets are a digit and their payload, socket.io's a digit more.
import { defineTarget } from 'freshet/target';

export default defineTarget({
  name: 'socket.io',
  transport: 'websocket',
  url: 'ws://127.0.0.1:4101/socket.io/?EIO=4&transport=websocket',
  run: 'node server.mjs',
  onOpen: '40',
  decode: (message) => {
    if (message === '2') return { reply: '3' };
    if (!message.startsWith('42["dashboard",')) return null;
    return { version: JSON.parse(message.slice(2))[1].version };
  },
  publish: ({ version, url }) =>
    fetch(new URL('/change', url.replace('ws', 'http')), { method: 'POST', body: JSON.stringify({ version }) }),
});
