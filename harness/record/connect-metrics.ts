// What it costs the system to let a client in, and what becomes of those it does not let in.
import type { MetricName } from '../contract/metrics.ts';
import type { MetricValue } from '../contract/record.ts';
import type { SwarmTotals } from '../measure/swarm-totals.ts';
import type { TrialInput } from '../measure/trial-input.ts';
import type { Expectation } from '../model/theory.ts';
import { looksUpSessions, settingOf } from '../plan/contender.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { scalar } from './values.ts';

/** The figures of connecting. */
export function connectMetrics(
  input: TrialInput,
  totals: Pick<SwarmTotals, 'trial'>,
): Partial<Record<MetricName, MetricValue>> {
  const { plan, tokensLogged } = input;
  const { opened, connectFailures, gaveUp } = totals.trial;
  const asks = 'this contender asks with each request, not on connecting';
  const isStream = plan.contender.transport === 'sse' || plan.contender.transport === 'websocket';
  const cpuUs = isStream ? cpuWhileConnecting(input) : null;
  const queries = isStream ? queriesWhileConnecting(input) : null;
  return {
    'connect.serverCpuUs': scalar(
      'connect.serverCpuUs',
      cpuUs === null || cpuUs <= 0 ? null : cpuUs / plan.clients,
      isStream ? 'hidden by the noise of the idle control, or not to be seen' : asks,
    ),
    'connect.dbQueries': scalar(
      'connect.dbQueries',
      queries === null ? null : queries / plan.clients,
      isStream ? 'pg_stat_statements could not be read' : asks,
      isStream ? expectedPerConnect(plan) : null,
    ),
    'connect.attemptsPerClient': scalar('connect.attemptsPerClient', (opened + connectFailures) / plan.clients, ''),
    'connect.gaveUp': scalar('connect.gaveUp', gaveUp, ''),
    'auth.tokensLogged': scalar(
      'auth.tokensLogged',
      tokensLogged,
      settingOf(plan.contender, 'auth') === 'none'
        ? 'this contender asks for no token'
        : 'there is no load balancer, and so no access log',
    ),
  };
}

/** Above what the servers use when nobody is there. */
function cpuWhileConnecting({ readings: { controlStart, controlEnd, connected } }: TrialInput): number | null {
  const [idle, busy] = [cpuBetween(controlStart, controlEnd), cpuBetween(controlEnd, connected)];
  if (idle === null || busy === null) return null;
  return busy.usedUs - (idle.usedUs / idle.lengthUs) * busy.lengthUs;
}

type Reading = TrialInput['readings']['connected'];

function cpuBetween(from: Reading, to: Reading): { readonly usedUs: number; readonly lengthUs: number } | null {
  const [start, end] = [from.cpu.after, to.cpu.before];
  if (start.cpuUs.servers === null || end.cpuUs.servers === null) return null;
  return { usedUs: end.cpuUs.servers - start.cpuUs.servers, lengthUs: end.cpuAtUs - start.cpuAtUs };
}

function queriesWhileConnecting({ readings: { controlEnd, connected } }: TrialInput): number | null {
  const [before, after] = [controlEnd.statements.queries, connected.statements.queries];
  return before === null || after === null ? null : after - before;
}

/** A snapshot for whoever is let in, and a session looked up for whoever knocks. */
function expectedPerConnect(plan: TrialPlan): Expectation | null {
  const { contender, expired, fault } = plan;
  if (settingOf(contender, 'snapshot') === 'cached' || fault !== null) return null;
  const lookUps = looksUpSessions(contender) ? 1 : 0;
  const snapshots = expired ? 0 : 1;
  return {
    value: lookUps + snapshots,
    because: `${snapshots} snapshot and ${lookUps} session looked up for each client`,
    standardError: 0,
  };
}
