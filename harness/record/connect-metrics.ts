// What it costs the system to let a client in, and what becomes of those it does not let in.
import { type MetricName, metricOf } from '../contract/metrics.ts';
import type { MetricValue } from '../contract/record.ts';
import type { SwarmTotals } from '../measure/swarm-totals.ts';
import type { TrialInput } from '../measure/trial-input.ts';
import type { Expectation } from '../model/theory.ts';
import { looksUpSessions, settingOf } from '../plan/contender.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { collectionUs } from './above-idle.ts';
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
  const queries = isStream ? queriesWhileConnecting(input) : null;
  return {
    'connect.serverCpuUs': isStream ? cpuOfConnecting(input) : scalar('connect.serverCpuUs', null, asks),
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

/** Of a client, above what the servers use when nobody is there; hidden where it is hardly more than that. */
function cpuOfConnecting({ plan, readings: { controlStart, controlEnd, connected } }: TrialInput): MetricValue {
  const [idle, busy] = [cpuBetween(controlStart, controlEnd), cpuBetween(controlEnd, connected)];
  if (idle === null || busy === null)
    return scalar('connect.serverCpuUs', null, 'the CPU time of the servers cannot be seen');
  const noiseUs = collectionUs * (1 + busy.lengthUs / idle.lengthUs);
  return cpuAboveIdle({ busyUs: busy.usedUs, idleUs: (idle.usedUs / idle.lengthUs) * busy.lengthUs, noiseUs }, plan);
}

/** What the servers used while all connected, what they would have used anyway, and what the two may differ by chance, µs. */
interface Connecting {
  readonly busyUs: number;
  readonly idleUs: number;
  readonly noiseUs: number;
}

/** A client's share of it; hidden where one garbage collection more or less would be as much. */
export function cpuAboveIdle({ busyUs, idleUs, noiseUs }: Connecting, { clients }: { clients: number }): MetricValue {
  const name = 'connect.serverCpuUs';
  if (busyUs - idleUs >= noiseUs) return scalar(name, (busyUs - idleUs) / clients, '');
  const ms = (us: number) => (us / 1_000).toFixed(2);
  const reason = `hidden by the noise of its idle control (${ms(busyUs)} against ${ms(idleUs)} ms for ${clients} clients; under ${ms(noiseUs)} shows only with more of them)`;
  return { unit: metricOf(name).unit, value: null, reason, below: noiseUs / clients };
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
