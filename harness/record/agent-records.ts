// What the record says of the agents that ran a trial's clients. A trial whose clients all ran on the run's own machine says nothing.
import type { AgentClock, TrialRecord } from '../contract/record.ts';
import { generatorErrors } from '../measure/canary.ts';
import type { Estimate } from '../measure/estimate.ts';
import { everyShard } from '../measure/swarm-totals.ts';
import type { TrialInput } from '../measure/trial-input.ts';
import { neighbourDistance } from '../plan/arrivals.ts';

/** The error of each machine, by its agent; see `generatorErrors`. */
export function generatorErrorsIn({ plan, results }: TrialInput): Map<string | null, Estimate | null> {
  return generatorErrors(results, neighbourDistance({ ...plan, transport: plan.contender.transport }));
}

export function agentRecords(input: TrialInput): Pick<TrialRecord, 'agents'> {
  const { agents, results } = input;
  if (agents.length === 0) return {};
  const errors = generatorErrorsIn(input);
  return {
    agents: agents.map(({ name, host, cores, version, clients }) => {
      const shards = everyShard(results).filter(({ agent }) => agent === name);
      const shares = shards.map(({ cpuUs, windowUs }) => cpuUs / Math.max(1, windowUs.endUs - windowUs.startUs));
      const error = errors.get(name) ?? null;
      return {
        name,
        host,
        cores,
        version,
        clients,
        cpuShare: shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0),
        errorUs: error?.value ?? null,
        clock: clockOf(shards),
        lost: results.lost.find(({ agent }) => agent === name)?.how ?? null,
      };
    }),
  };
}

/** All its shards followed the same clock; the least that one of them knows of it is said. */
function clockOf(shards: readonly Pick<TrialInput['results']['shards'][number], 'clock'>[]): AgentClock | null {
  const clocks = shards.map(({ clock }) => clock).filter((clock) => clock !== null);
  const doubt = ({ uncertaintyUs }: AgentClock) => uncertaintyUs ?? Number.POSITIVE_INFINITY;
  return clocks.toSorted((a, b) => doubt(b) - doubt(a))[0] ?? null;
}
