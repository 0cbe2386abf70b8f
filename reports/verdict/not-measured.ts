// What no run of Freshet measures and an answer still depends on: data, said with every verdict.
import type { Run } from '../run.ts';
import { traitsOf } from './traits.ts';

interface Gap {
  readonly what: string;
  /** Where a run has it all the same. */
  readonly closedBy?: (run: Run) => boolean;
}

const gaps: readonly Gap[] = [
  {
    what: 'networks with delay and loss: everything ran over loopback',
    closedBy: ({ record }) => record.trials.some(({ agents }) => agents !== undefined),
  },
  {
    what: 'networks with delay and loss, but for what lies between agents and servers',
    closedBy: ({ record }) => record.trials.every(({ agents }) => agents === undefined),
  },
  {
    what: 'TLS',
    closedBy: ({ contenders }) => contenders.some((contender) => traitsOf(contender).tls),
  },
  { what: 'proxies and firewalls of companies, with their time-outs and buffers' },
  { what: 'batteries and radios of phones' },
  { what: 'browsers, which put hidden tabs to sleep' },
  { what: 'what the team knows and can run, and what a provider charges' },
];

/** One phrase each. */
export function notMeasuredIn(run: Run): string[] {
  return gaps.flatMap(({ what, closedBy }) => (closedBy?.(run) === true ? [] : [what]));
}
