// Whose a run's directory is, as its name says it: so that a later run can tell a living run's from a dead one's, and no moment
// exists in which a directory is nobody's. From proc(5), so on Linux only; elsewhere names say nothing and nobody is called dead.
import { readFileSync, readlinkSync } from 'node:fs';

const pattern = /^freshet-([0-9a-f]{12})-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)$/;

/** The name of the directory of a run of this process. */
export function nameDirectory(runId: string): string {
  const machine = readMachine();
  const born = readBirth(process.pid);
  const owner =
    machine === null || born === null ? '' : `-${machine.boot}-${machine.pidNamespace}-${process.pid}-${born}`;
  return `freshet-${runId}${owner}`;
}

/** The run id of a directory whose owner is certainly gone, else `null`. Processes of other containers cannot be seen, so they live. */
export function runIdOfDead(name: string): string | null {
  const [, runId = '', boot, pidNamespace, pid, born] = pattern.exec(name) ?? [];
  const machine = readMachine();
  if (pid === undefined || machine === null) return null;
  if (boot !== machine.boot) return runId;
  if (pidNamespace !== machine.pidNamespace) return null;
  return readBirth(Number(pid)) === born ? null : runId;
}

/** Since when it is up, and which of its processes we see. */
function readMachine(): { boot: string; pidNamespace: string } | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    return { boot, pidNamespace: readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '') };
  } catch {
    return null;
  }
}

/** Its start in clock ticks since the boot, which with the pid names a process for good; `null` when it is gone or waits to be reaped. */
function readBirth(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name in brackets, which may hold anything: state, parent, group …; the start time is the 20th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
