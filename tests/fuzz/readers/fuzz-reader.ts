// Fuzzes one reader in this process: many inputs, each made from its number; a fault, a hang or growing memory ends it.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { nowUs } from '../../../harness/contract/clock.ts';
import { Dice } from '../dice.ts';
import { findFault, makeInput, type ReaderSubject } from './reader-subject.ts';

export interface ReaderReport {
  readonly inputs: number;
  readonly durationUs: number;
  /** Memory after garbage collection, at a tenth of the inputs and at the end. */
  readonly heapBytes: readonly [early: number, late: number];
  /** The first input that went wrong. */
  readonly fault: { readonly index: number; readonly wire: Buffer; readonly what: string } | null;
}

export interface ReaderRun {
  readonly seed: number;
  readonly inputs: number;
  /** Says how to make one input again; used when one never ends. */
  replayCommand(index: number): string;
}

const hangMs = 10_000;
/** Beyond it memory is said to grow. What the engine compiles meanwhile is 5 MB; one kept byte an input would be 0.9 MB of a million. */
const growthBytes = 8_000_000;

export function inputOf(subject: ReaderSubject, seed: number, index: number) {
  return makeInput(subject, new Dice(seed, hashName(subject.name), index));
}

export async function fuzzReader(subject: ReaderSubject, run: ReaderRun): Promise<ReaderReport> {
  const { seed, inputs } = run;
  const startUs = nowUs();
  const watcher = watchForHang(run);
  let early = 0;
  try {
    for (let index = 0; index < inputs; index++) {
      watcher.note(index);
      const { wire, cutting } = inputOf(subject, seed, index);
      const what = findFault(subject, wire, cutting);
      if (what !== null)
        return {
          inputs: index + 1,
          durationUs: nowUs() - startUs,
          heapBytes: [early, early],
          fault: { index, wire, what },
        };
      if (index === Math.floor(inputs / 10)) early = heapBytes();
    }
  } finally {
    await watcher.stop();
  }
  const late = heapBytes();
  const fault =
    late - early > growthBytes
      ? {
          index: inputs - 1,
          wire: Buffer.alloc(0),
          what: `memory grew from ${early} to ${late} bytes; expected it to stay`,
        }
      : null;
  return { inputs, durationUs: nowUs() - startUs, heapBytes: [early, late], fault };
}

function hashName(name: string): number {
  return [...name].reduce((hash, char) => (Math.imul(hash, 31) + char.charCodeAt(0)) | 0, 7);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** An input that never ends blocks this thread, so another one watches it, and can only end the process. */
function watchForHang(run: ReaderRun): { note(index: number): void; stop(): Promise<unknown> } {
  const current = new Int32Array(new SharedArrayBuffer(4));
  const command = run.replayCommand(-1);
  const worker = new Worker(
    `const { workerData: { current, hangMs, command } } = require('node:worker_threads');
     let last = -1;
     setInterval(() => {
       const index = Atomics.load(current, 0);
       if (index === last) {
         require('node:fs').writeSync(2, command.replace('-1', String(index)) + ' does not end\\n');
         process.kill(process.pid, 'SIGKILL');
       }
       last = index;
     }, hangMs);`,
    { eval: true, workerData: { current, hangMs, command }, execArgv: [] },
  );
  worker.unref();
  return {
    note: (index) => void Atomics.store(current, 0, index),
    stop: () => worker.terminate(),
  };
}
