// A generator process: one kind of client, as many as asked, alone, so that its CPU and memory are theirs.

import { nowUs, sleepUntilUs, sleepUs } from '../../harness/contract/clock.ts';
import { messageOf } from '../../harness/contract/errors.ts';
import { runLoop } from './closed-loop.ts';
import {
  type Connected,
  fewestForMemory,
  type GeneratorCommand,
  type GeneratorReport,
  type LoopJob,
  type Received,
  type SwarmJob,
} from './contract.ts';
import { libraryClient, watchLibraries } from './library-clients.ts';
import { LibraryPopulation } from './library-population.ts';
import { growYoungGeneration, readMemory } from './memory.ts';
import type { Population } from './population.ts';
import { ShardPopulation } from './shard-population.ts';

const lookEveryUs = 20_000;
/** Connected clients come to rest before their memory is read. */
const restUs = 200_000;

class Generator {
  readonly #job: SwarmJob;
  readonly #population: Population;

  constructor(job: SwarmJob) {
    this.#job = job;
    const { client, target } = job;
    this.#population =
      client === 'freshet'
        ? new ShardPopulation(job)
        : new LibraryPopulation(job, libraryClient(client, target.transport === 'long-polling'));
  }

  rehearse(): Promise<void> {
    return this.#population.rehearse();
  }

  async connect(): Promise<Connected> {
    const { clients } = this.#job;
    if (clients >= fewestForMemory) growYoungGeneration();
    const before = readMemory();
    const startCpu = process.cpuUsage();
    this.#population.connect();
    while (this.#population.holding < clients) await sleepUs(lookEveryUs);
    const cpuUs = cpuSince(startCpu);
    await sleepUs(restUs);
    const after = readMemory();
    return {
      type: 'connected',
      cpuUs,
      residentBytes: after.residentBytes - before.residentBytes,
      heapBytes: after.heapBytes - before.heapBytes,
    };
  }

  /** The changes are published by the benchmark as soon as `onReady` was told. */
  async receive(updates: Extract<GeneratorCommand, { type: 'receive' }>['updates'], onReady: () => void) {
    this.#population.expect(updates);
    const startCpu = process.cpuUsage();
    onReady();
    await sleepUntilUs(updates.at(-1)?.intendedUs ?? 0);
    while (!this.#population.isCaughtUp) await sleepUs(lookEveryUs);
    return this.#received(cpuSince(startCpu));
  }

  async poll(windowUs: number): Promise<Received> {
    // As in a trial, whose window begins when its clients have polled for a while: compiling is no part of a poll.
    const startUs = nowUs() + this.#job.pollIntervalUs;
    this.#population.openWindow(startUs, startUs + windowUs);
    await sleepUntilUs(startUs);
    const startCpu = process.cpuUsage();
    await sleepUntilUs(startUs + windowUs);
    const cpuUs = cpuSince(startCpu);
    // What was due in the window is answered by then; its last answers cost after the window what the first cost before.
    await sleepUs(this.#job.pollIntervalUs / 2);
    return this.#received(cpuUs);
  }

  #received(cpuUs: number): Received {
    const { count, histogram } = this.#population.take();
    return { type: 'received', cpuUs, count, medianUs: count === 0 ? null : histogram.getValueAtPercentile(50) };
  }
}

function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

async function loop(job: LoopJob): Promise<Received> {
  // Warm first: cold code would be a share of what a loop of seconds uses.
  await runLoop({ ...job, durationUs: job.durationUs / 4 });
  const startCpu = process.cpuUsage();
  const { count, medianUs } = await runLoop(job);
  return { type: 'received', cpuUs: cpuSince(startCpu), count, medianUs };
}

let generator: Generator | null = null;

async function obey(command: GeneratorCommand): Promise<void> {
  if (command.type === 'loop') return report(await loop(command.loop));
  if (command.type === 'prepare') {
    generator = new Generator(command.job);
    await generator.rehearse();
    return report({ type: 'prepared' });
  }
  if (generator === null) throw new Error(`'${command.type}' came before 'prepare'`);
  if (command.type === 'connect') return report(await generator.connect());
  if (command.type === 'receive')
    return report(await generator.receive(command.updates, () => report({ type: 'expecting' })));
  report(await generator.poll(command.windowUs));
}

function report(what: GeneratorReport): void {
  process.send?.(what);
}

process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
watchLibraries((problem) => report({ type: 'failed', problem }));
process.on('message', (command: GeneratorCommand) => {
  obey(command).catch((error: unknown) => report({ type: 'failed', problem: messageOf(error) }));
});
