// Whether agents can carry a trial's clients. Pure: a line for each reason why not.
import { formatNumber } from '../contract/units.ts';
import { portProblems } from '../plan/capacity.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { Seat } from '../swarm/executor.ts';

export function capacityOnAgents(plan: TrialPlan, seats: readonly Seat[]): string[] {
  if (seats.length === 0) return ['no agent is left; expected at least one; start it with: npm run agent -- --redis …'];
  const carries = seats.reduce((sum, seat) => sum + seat.carries, 0);
  if (plan.clients > carries) {
    const each = seats.map(({ agent, carries }) => `${agent?.name} ${formatNumber(carries)}`).join(', ');
    return [
      `${formatNumber(plan.clients)} clients are more than the ${formatNumber(carries)} that the agents can carry (${each}); expected more agents, on machines with more cores or memory`,
    ];
  }
  const hosts = new Map(seats.map((seat) => [seat.host, seat]));
  return [...hosts].flatMap(([host, { limits }]) => {
    const here = seats.filter((seat) => seat.host === host).reduce((sum, seat) => sum + seat.carries, 0);
    const clients = Math.ceil((plan.clients * here) / carries);
    return portProblems({ ...plan, clients }, limits).map((problem) => `on ${host}: ${problem}`);
  });
}
