// Planned trials → what each is called: its contender, with what else tells it apart where one contender runs under several conditions.
import { formatDurationUs, formatNumber } from '../contract/units.ts';
import type { TrialPlan } from './trial-plan.ts';

const conditions: readonly {
  readonly of: (plan: TrialPlan) => number;
  readonly say: (value: number) => string;
}[] = [
  { of: ({ clients }) => clients, say: (clients) => `${formatNumber(clients)} clients` },
  { of: ({ audiences }) => audiences, say: (audiences) => `${formatNumber(audiences)} audiences` },
  { of: ({ pollIntervalUs }) => pollIntervalUs, say: (us) => `a poll every ${formatDurationUs(us)}` },
  { of: ({ updateIntervalUs }) => updateIntervalUs, say: (us) => `a change every ${formatDurationUs(us)}` },
];

/** The names, in the order of the trials: `polling`, `polling (50 clients)`. Repetitions share one. */
export function nameTrials(trials: readonly TrialPlan[]): string[] {
  const isSame = (a: TrialPlan, b: TrialPlan) => a.scenario === b.scenario && a.contender.name === b.contender.name;
  return trials.map((plan) => {
    const alike = trials.filter((other) => isSame(plan, other));
    const differing = conditions.filter(({ of }) => alike.some((other) => of(other) !== of(plan)));
    const said = differing.map(({ of, say }) => say(of(plan))).join(', ');
    return said === '' ? plan.contender.name : `${plan.contender.name} (${said})`;
  });
}
