// Restarts the server nodes one after another, as a deploy does. In: when and how. Out: when each was told to go, was gone, and listened again.
import { nowUs, sleepUntilUs } from '../contract/clock.ts';
import type { FaultPlan } from '../plan/fault.ts';
import type { RollingPlan } from '../plan/rolling.ts';
import type { RunningSystem } from '../targets/system.ts';

/** One node's turn, µs of the monotonic clock. */
export interface Restart {
  /** From 0. */
  readonly node: number;
  readonly toldUs: number;
  readonly goneUs: number;
  readonly backUs: number;
}

/** Beyond its spread, a server that drains has this long before it is killed. */
const drainGraceMs = 5_000;

/** Begins at `atUs`. A node whose turn comes before the last one is back waits for it: two are never away at once. */
export async function restartInTurn(
  { downUs }: Pick<FaultPlan, 'downUs'>,
  { everyUs, ending, spreadUs }: RollingPlan,
  { system, atUs }: { readonly system: RunningSystem; readonly atUs: number },
): Promise<Restart[]> {
  const restarts: Restart[] = [];
  const [signal, graceMs] =
    ending === 'kill' ? (['SIGKILL', 0] as const) : (['SIGTERM', spreadUs / 1000 + drainGraceMs] as const);
  for (let node = 0; node < system.servers.length; node++) {
    await sleepUntilUs(atUs + node * everyUs);
    const toldUs = nowUs();
    await system.endServer(node, signal, graceMs);
    const goneUs = nowUs();
    await sleepUntilUs(goneUs + downUs - system.startedInUs);
    await system.restartServer(node);
    restarts.push({ node, toldUs, goneUs, backUs: nowUs() });
  }
  return restarts;
}
