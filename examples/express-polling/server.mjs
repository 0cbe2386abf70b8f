// An Express endpoint that answers with the state, and one that changes it.
import express from 'express';

const app = express();
let state = { version: 0, open: 12 };

app.use(express.json());
app.get('/dashboard', (_request, response) => response.json(state));
app.post('/change', (request, response) => {
  state = { ...state, ...request.body };
  response.sendStatus(204);
});
app.listen(4104, '127.0.0.1');
