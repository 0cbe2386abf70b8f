// A slow network: a TCP proxy that passes everything on, in both directions, a fixed time later.
import net, { type AddressInfo, type Socket } from 'node:net';
import { nowUs } from '../contract/clock.ts';
import type { Address } from '../contract/target.ts';

/** Node's timers are up to about 1 ms off: the rest is waited for in turns of the event loop. */
const timerSlackUs = 2_000;

/** To the target and back from it, µs. */
interface Ways {
  readonly thereUs: number;
  readonly backUs: number;
}

export class DelayingProxy {
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: Address, { thereUs, backUs }: Ways) {
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const server = net.connect({ ...target, allowHalfOpen: true, noDelay: true });
      this.#pass(client, server, thereUs);
      this.#pass(server, client, backUs);
    });
  }

  /** Passes connections on to `target`, delayed by `delayUs` one way, or each way by its own; listens on any port of this machine unless told where. */
  static async start(
    target: Address,
    delayUs: number | Ways,
    { host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {},
  ): Promise<DelayingProxy> {
    const ways = typeof delayUs === 'number' ? { thereUs: delayUs, backUs: delayUs } : delayUs;
    const proxy = new DelayingProxy(target, ways);
    await new Promise<void>((resolve) => proxy.#server.listen(port, host, resolve));
    return proxy;
  }

  get address(): Address {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pass(from: Socket, to: Socket, delayUs: number): void {
    const later = new Delay(delayUs);
    this.#sockets.add(from);
    from.on('data', (bytes) => later.run(() => to.write(bytes)));
    from.on('end', () => later.run(() => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', () => this.#sockets.delete(from));
  }
}

/** Runs what it is given a fixed time later, and never one before another that came first: timers alone may change places. */
class Delay {
  readonly #delayUs: number;
  readonly #due: { readonly atUs: number; readonly act: () => void }[] = [];

  constructor(delayUs: number) {
    this.#delayUs = delayUs;
  }

  run(act: () => void): void {
    this.#due.push({ atUs: nowUs() + this.#delayUs, act });
    if (this.#due.length === 1) this.#go();
  }

  readonly #go = (): void => {
    for (let next = this.#due[0]; next !== undefined; next = this.#due[0]) {
      const leftUs = next.atUs - nowUs();
      if (leftUs > timerSlackUs) setTimeout(this.#go, Math.floor((leftUs - timerSlackUs) / 1000));
      else if (leftUs > 0) setImmediate(this.#go);
      if (leftUs > 0) return;
      this.#due.shift();
      next.act();
    }
  };
}
