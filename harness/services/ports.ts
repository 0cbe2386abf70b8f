// A free port for something that will listen on it a moment later. Always below 32768: a port of the ephemeral range
// can be held by someone's outgoing connection, even a closed one in TIME_WAIT.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { FreshetError } from '../contract/errors.ts';

const firstPort = 20_000;
const portCount = 32_768 - firstPort;
const attempts = 200;

const handedOut = new Set<number>();

/** A port from 20000 to 32767 on which nobody listens, never the same one twice. Whoever uses it may still lose a race and must retry. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  // A random start, because two runs that both began at the first one would meet.
  const start = randomInt(portCount);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = firstPort + ((start + attempt) % portCount);
    if (handedOut.has(port) || !(await canListen(port, host))) continue;
    handedOut.add(port);
    return port;
  }
  throw new FreshetError(
    'environment',
    `no free port on ${host} (tried ${attempts} from ${firstPort + start}); expected one between ${firstPort} and 32767; end what holds them`,
  );
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
