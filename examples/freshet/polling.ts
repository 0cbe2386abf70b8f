// A server that `npm run serve -- polling --port 4000` runs, as a target: for a gate of two that run already.
import { defineTarget } from 'freshet/target';
import { decodeDashboard } from './message.ts';

export default defineTarget({
  name: 'freshet-polling',
  transport: 'polling',
  url: 'http://127.0.0.1:4000/dashboard?audience={audience}',
  decode: decodeDashboard,
  metrics: 'http://127.0.0.1:4000/metrics',
});
