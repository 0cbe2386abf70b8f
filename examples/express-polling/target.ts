// A polled endpoint whose changes are made by a command.
import { defineTarget } from 'freshet/target';

export default defineTarget({
  name: 'express',
  transport: 'polling',
  url: 'http://127.0.0.1:4104/dashboard',
  run: 'node server.mjs',
  decode: (message) => ({ version: JSON.parse(message).version }),
  publish:
    'curl -sf -X POST -H "content-type: application/json" -d "{\\"version\\":$FRESHET_VERSION}" http://127.0.0.1:4104/change',
});
