// A free port for something that will listen on it a moment later. Always below 32768: a port of the ephemeral range
// can be held by someone's outgoing connection, even a closed one in TIME_WAIT.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { FreshetError } from '../contract/errors.ts';

const firstPort = 20_000;
const portCount = 32_768 - firstPort;
const attempts = 200;

/** A port from 20000 to 32767 on which nobody listens; no other is handed out twice, here or to another run, while this process lives. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  // A random start, because others began at the first one too.
  const start = randomInt(portCount);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = firstPort + ((start + attempt) % portCount);
    if ((await reserve(port)) && (await canListen(port, host))) return port;
  }
  throw new FreshetError(
    'environment',
    `no free port on ${host} (tried ${attempts} from ${firstPort + start}); expected one between ${firstPort} and 32767; end what holds them`,
  );
}

/** Takes the UDP port of the same number, which is nobody's else, as a sign to other runs; the kernel lets go of it when we end. */
function reserve(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sign = createSocket('udp4');
    sign.once('error', () => {
      sign.close();
      resolve(false);
    });
    sign.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      sign.unref();
      resolve(true);
    });
  });
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
