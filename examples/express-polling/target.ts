// A polled endpoint whose changes are made by a command, and which tells its own CPU time and memory.
import { defineTarget } from 'freshet/target';

export default defineTarget({
  name: 'express',
  transport: 'polling',
  url: 'http://127.0.0.1:4104/dashboard',
  run: 'node server.mjs',
  metrics: 'http://127.0.0.1:4104/metrics',
  decode: (message) => ({ version: JSON.parse(message).version }),
  publish:
    'curl -sf -X POST -H "content-type: application/json" -d "{\\"version\\":$FRESHET_VERSION}" $(dirname $FRESHET_URL)/change',
});
