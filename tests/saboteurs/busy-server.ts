// Servers that burn 20 ms of CPU a second, by the kernel's own account of them, while they have clients. They burn it in place of
// the tick that watches their event loop: a timer besides it would wake them more often, which costs CPU of its own.
import { setFlagsFromString } from 'node:v8';
import { nowUs } from '../../servers/clock.ts';
import { Hub } from '../../servers/hub.ts';
import { Metrics } from '../../servers/metrics.ts';
import { burntMsPerSecond } from './deeds.ts';

// V8 collects some seconds after a process fell idle, which costs 30 to 80 ms: nothing but what is burnt shall be measured.
setFlagsFromString('--no-memory-reducer');

const tickMs = 100;
let hub: Hub<never> | null = null;

const { join } = Hub.prototype;
Hub.prototype.join = function joinAndTell(this: Hub<never>, client: never): void {
  hub = this;
  join.call(this, client);
};

Metrics.prototype.watchEventLoop = () => {
  let sinceUs = nowUs();
  const timer = setInterval(() => {
    const atUs = nowUs();
    if (hasClients()) burn(((atUs - sinceUs) * burntMsPerSecond) / 1_000);
    sinceUs = atUs;
  }, tickMs);
  return () => clearInterval(timer);
};

function hasClients(): boolean {
  for (const _client of hub?.clients() ?? []) return true;
  return false;
}

function burn(us: number): void {
  const before = process.cpuUsage();
  for (let usedUs = 0; usedUs < us; ) {
    const { user, system } = process.cpuUsage(before);
    usedUs = user + system;
  }
}

// Full besides: a refused client costs nothing in the window, and so needs no trial of its own.
void import('./full-server.ts');
