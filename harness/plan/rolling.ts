// A rolling deploy, as data: the server nodes are restarted one after another, and how each is ended.
import { type Contender, settingOf } from './contender.ts';

export interface RollingPlan {
  /** From the end of one node to that of the next. */
  readonly everyUs: number;
  /** Killed, or told to drain. */
  readonly ending: 'kill' | 'drain';
  /** Over how long a node that drains tells its clients to leave. */
  readonly spreadUs: number;
}

/** How the nodes of this contender are ended. */
export function rollingOf(contender: Contender, everyUs: number): RollingPlan {
  const streams = contender.transport !== 'polling';
  return {
    everyUs,
    ending: settingOf(contender, 'deploy') === 'kill' ? 'kill' : 'drain',
    spreadUs: streams ? Number(settingOf(contender, 'spread')) : 0,
  };
}
