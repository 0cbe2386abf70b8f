// CPU time of the whole machine, whoever uses it.
import os from 'node:os';
import { nowUs } from '../contract/clock.ts';

export interface MachineCpu {
  readonly atUs: number;
  readonly busyMs: number;
}

/** CPU time so far, of all cores together. */
export function readMachineCpu(): MachineCpu {
  const busyMs = os.cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { atUs: nowUs(), busyMs };
}

/** Cores in use between two readings; `null` where the system does not tell. */
export function coresBusy(from: MachineCpu, to: MachineCpu): number | null {
  return to.busyMs === 0 ? null : ((to.busyMs - from.busyMs) * 1_000) / (to.atUs - from.atUs);
}
