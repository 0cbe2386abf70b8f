// Whether a server takes connections, asked from outside: by connecting and leaving again.
import net from 'node:net';
import { nowUs, sleepUs } from '../contract/clock.ts';
import { FreshetError } from '../contract/errors.ts';
import type { Address } from '../contract/target.ts';

const limitUs = 30_000_000;
const probeEveryUs = 20_000;

/** Throws `environment` when it does not within 30 s; `url` is what errors call it. */
export async function untilListens(address: Address, url: string): Promise<void> {
  const untilUs = nowUs() + limitUs;
  while (!(await listens(address))) {
    if (nowUs() > untilUs)
      throw new FreshetError(
        'environment',
        `nothing listens at ${url} after ${limitUs / 1e6} s; expected a server there`,
      );
    await sleepUs(probeEveryUs);
  }
}

/** Resolves when it takes no connection, or when `over` has come. */
export async function untilGone(address: Address, over: Promise<unknown>): Promise<void> {
  let isOver = false;
  const note = () => {
    isOver = true;
  };
  void over.then(note, note);
  while (!isOver && (await listens(address))) await sleepUs(probeEveryUs);
}

export function listens({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: 5_000 });
    const tell = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket
      .once('connect', () => tell(true))
      .once('error', () => tell(false))
      .once('timeout', () => tell(false));
  });
}
