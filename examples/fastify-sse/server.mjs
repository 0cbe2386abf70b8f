// A Fastify route that streams events. It makes its changes itself, one every quarter of a second, and says when.
import Fastify from 'fastify';

const app = Fastify();
const streams = new Set();
// Numbers that go on growing when the server has restarted.
let state = { id: Date.now(), changedAt: Date.now(), open: 12 };

function event() {
  return `id: ${state.id}\nevent: dashboard\ndata: ${JSON.stringify(state)}\n\n`;
}

app.get('/events', (request, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  reply.raw.write(event());
  streams.add(reply.raw);
  request.raw.once('close', () => streams.delete(reply.raw));
});

setInterval(() => {
  state = { id: state.id + 1, changedAt: Date.now(), open: state.open + 1 };
  const text = event();
  for (const stream of streams) stream.write(text);
}, 250);

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 4102) });
