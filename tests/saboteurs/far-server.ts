// Two server nodes, of which the first to start is far away: whatever passes between it and its clients takes 100 ms one way.
import { closeSync, openSync } from 'node:fs';
import { freePort } from '../../harness/services/ports.ts';
import { DelayingProxy } from '../../harness/swarm/delaying-proxy.fixture.ts';
import { settingsVariable } from '../../servers/protocol.ts';
import { distanceUs } from './deeds.ts';

async function main(): Promise<void> {
  if (process.argv[2] === 'serve' && isFirst()) {
    const settings = JSON.parse(process.env[settingsVariable] ?? '{}') as { port: number };
    const port = await freePort();
    await DelayingProxy.start({ host: '127.0.0.1', port }, distanceUs, { port: settings.port });
    process.env[settingsVariable] = JSON.stringify({ ...settings, port });
  }
  await import('../../servers/main.ts');
}

/** Whoever makes the file is. */
function isFirst(): boolean {
  try {
    closeSync(openSync(new URL('far', import.meta.url), 'wx'));
    return true;
  } catch {
    return false;
  }
}

void main();
