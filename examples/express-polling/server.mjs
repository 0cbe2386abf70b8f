// An Express endpoint that answers with the state, one that changes it, and one that tells what the process uses.
import express from 'express';
import { collectDefaultMetrics, register } from 'prom-client';

const app = express();
let state = { version: 0, open: 12 };

collectDefaultMetrics();
app.use(express.json());
app.get('/dashboard', (_request, response) => response.json(state));
app.get('/metrics', async (_request, response) => response.type('text').send(await register.metrics()));
app.post('/change', (request, response) => {
  state = { ...state, ...request.body };
  response.sendStatus(204);
});
app.listen(Number(process.env.PORT ?? 4104), '127.0.0.1');
