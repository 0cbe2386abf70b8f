// Whether somebody's own server lets the clients in: one that bars most of them is left alone at once.
import { FreshetError } from '../contract/errors.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import type { SwarmState } from '../swarm/swarm.ts';

/** Fewer say nothing. */
const enough = 5;

/** Most clients that have tried so far were told off (401, 403, 429, or another status of 400 to 499). Only somebody's own server is judged. */
export function isBarring({ barred, holding }: SwarmState, { clients, contender }: TrialPlan): boolean {
  return contender.foreign !== undefined && barred >= Math.min(enough, clients) && barred > holding;
}

/** Throws `environment` when it is. */
export function checkWelcome(state: SwarmState, plan: TrialPlan): void {
  if (!isBarring(state, plan)) return;
  const { barred, barredBy, holding } = state;
  throw new FreshetError(
    'environment',
    `${plan.contender.foreign?.url} answered ${barredBy} to ${barred} attempts and let ${holding} of ${plan.clients} clients in, so the run ends here; expected them to be let in; ${remedies[barredBy] ?? 'look at url, headers and body of the target file'}`,
  );
}

const remedies: Readonly<Record<number, string>> = {
  401: 'send their credentials with headers of the target file',
  403: 'send their credentials, or an Origin it accepts, with headers of the target file',
  404: 'look at the path of url in the target file',
  429: 'raise its limit for this machine, or use fewer --clients or a lower connect-rate',
};
