// Memory of this process that clients are charged with: resident, with garbage collected and without what V8 grows for anyone.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

export interface Memory {
  readonly residentBytes: number;
  readonly heapBytes: number;
}

export function readMemory(): Memory {
  // Twice: what finalizers let go of in the first goes in the second.
  collect();
  collect();
  const { rss, heapUsed } = process.memoryUsage();
  return { residentBytes: rss, heapBytes: heapUsed };
}

/**
 * Lets the young generation grow to its full size (two halves of 16 MB). It would do so sooner or later in any busy process,
 * and is no part of a client: 32 MB would pass for 3 KB of each of 10,000.
 */
export function growYoungGeneration(): void {
  let survivors: object[] = [];
  for (let round = 0; round < 40; round++) {
    survivors = Array.from({ length: 20_000 }, (_, index) => ({ index, survivors: [index] }));
  }
  survivors.length = 0;
}
