// A socket.io dashboard: whoever connects is sent the state, and every change goes to all.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

let state = { version: 0, title: 'orders', open: 12 };

const http = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/change') return response.writeHead(404).end();
  request.setEncoding('utf8');
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    state = { ...state, ...JSON.parse(body) };
    io.emit('dashboard', state);
    response.writeHead(204).end();
  });
});
const io = new Server(http, { serveClient: false });
io.on('connection', (socket) => socket.emit('dashboard', state));
http.listen(Number(process.env.PORT ?? 4101), '127.0.0.1');
