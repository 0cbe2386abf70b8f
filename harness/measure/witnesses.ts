// The same counts from parties that do not know of each other: the clients, the servers' /metrics, and Postgres (pg_stat_statements, versions).
// Taken over the whole trial at rest, so that nothing is in flight and they must agree to the last one.
import { metricNames } from '../../servers/protocol.ts';
import type { WitnessedCount } from '../contract/record.ts';
import { looksUpSessions, settingOf } from '../plan/contender.ts';
import { isMixed } from '../plan/population.ts';
import { connectionsByNode } from './node-shares.ts';
import { sumOverServers } from './reading.ts';
import type { SwarmTotals } from './swarm-totals.ts';
import { hasRestarted, type TrialInput } from './trial-input.ts';

/** Each count with its witnesses; `null` where a party has no way of knowing it. */
export function countWitnesses(input: TrialInput, totals: SwarmTotals): WitnessedCount[] {
  // Of a stranger only the clients know.
  if (input.plan.contender.foreign !== undefined) return [];
  const witnesses = countAll(input, totals);
  // What lost clients counted is lost with them.
  return input.results.lost.length === 0 ? witnesses : witnesses.map((count) => ({ ...count, clients: null }));
}

function countAll(input: TrialInput, totals: SwarmTotals): WitnessedCount[] {
  const { atRest, controlStart } = input.readings;
  // A server that a fault ended cannot be asked any more.
  const servers = (name: string, where?: Readonly<Record<string, string>>) =>
    hasRestarted(input) ? null : sumOverServers(atRest, name, where) - sumOverServers(controlStart, name, where);
  const database =
    atRest.statements.queries === null || controlStart.statements.queries === null
      ? null
      : atRest.statements.queries - controlStart.statements.queries;
  const nodes = connectionsByNode(input.readings.windowStart, input.plan);
  const queries: WitnessedCount = {
    what: 'database queries',
    clients: queriesSeenByClients(input, totals, nodes),
    servers: servers(metricNames.queries),
    database,
  };
  const actions = actionWitnesses(totals, servers, input.versionsMade);
  const { transport } = input.plan.contender;
  // What was written for those who had gone, or were cut off with a full buffer, reached nobody.
  const hearsAll = !isMixed(input.plan);
  if (transport === 'polling' || transport === 'long-polling') {
    return [
      queries,
      ...actions,
      {
        what: 'HTTP answers',
        clients: hearsAll ? totals.trial.answers + totals.trial.failedAnswers + actionAnswers(totals) : null,
        servers: servers(metricNames.responses),
        database: null,
      },
    ];
  }
  return [
    queries,
    ...actions,
    {
      what: 'connections opened',
      clients: totals.trial.opened,
      servers: servers(metricNames.connectionsOpened),
      database: null,
    },
    {
      what: 'snapshots',
      clients: input.plan.churn === null ? totals.trial.snapshots : null,
      servers: servers(metricNames.messages, { type: 'snapshot' }),
      database: null,
    },
    {
      what: 'updates delivered',
      clients: hearsAll ? totals.trial.updates : null,
      servers: servers(metricNames.messages, { type: 'update' }),
      database: null,
    },
  ];
}

/** What clients were told they did, what the servers say, and what the versions in Postgres rose by. */
function actionWitnesses(
  { actions }: Pick<SwarmTotals, 'actions'>,
  servers: (name: string, where: Readonly<Record<string, string>>) => number | null,
  versionsMade: number | null,
): WitnessedCount[] {
  if (actions === null) return [];
  return [
    {
      what: 'actions done',
      clients: actions.trial.acknowledged,
      servers: servers(metricNames.actions, { outcome: 'committed' }),
      database: versionsMade,
    },
  ];
}

function actionAnswers({ actions }: Pick<SwarmTotals, 'actions'>): number {
  return actions === null ? 0 : actions.trial.acknowledged + actions.trial.refused;
}

/** Two witnesses or more that do not say the same. */
export function disagree({ clients, servers, database }: WitnessedCount): boolean {
  const known = [clients, servers, database].filter((count) => count !== null);
  return known.some((count) => count !== known[0]);
}

/** What the clients' own experience implies of the database: one query an answer, or one a connect and one a change and asking node. */
export function queriesSeenByClients(
  { plan }: Pick<TrialInput, 'plan'>,
  totals: Pick<SwarmTotals, 'trial' | 'holding' | 'changesSeen' | 'actions'>,
  clientsByNode: readonly number[] | null = null,
): number | null {
  const { contender } = plan;
  if (plan.fault !== null || plan.expired || isMixed(plan)) return null; // What reached no client was asked, too.
  const perRequest = looksUpSessions(contender) ? 2 : 1;
  const acted = totals.actions?.trial.acknowledged ?? 0;
  // What was not acknowledged may have been done, and asked a session before.
  if (totals.actions !== null && (acted < totals.actions.trial.due || perRequest > 1)) return null;
  if (contender.transport === 'polling')
    return Number(settingOf(contender, 'cache')) > 0 ? null : perRequest * totals.trial.answers + acted;
  if (contender.transport === 'long-polling' && perRequest > 1) return null;
  if (settingOf(contender, 'snapshot') === 'cached' || settingOf(contender, 'feed') === 'local') return null;
  const isPlaced = plan.balancing === null || plan.nodes === 1;
  const nodes = isPlaced ? plan.nodes : (clientsByNode?.filter((clients) => clients > 0).length ?? 0);
  const askers = settingOf(contender, 'feed') === 'postgres' ? nodes : 1;
  // A wait that is balanced anew with each request leaves no node to itself, nor with somebody for ever.
  if (!isPlaced && (contender.transport === 'long-polling' || nodes === 0)) return null;
  if (askers > 1 && plan.audiences > 1) return null; // Which nodes have clients of a dashboard is the servers' knowledge.
  // A change that came while nobody waited was asked for by nobody, and is superseded like one that some were too late for.
  if (contender.transport === 'long-polling' && totals.trial.superseded > 0) return null;
  const connects = contender.transport === 'long-polling' ? totals.holding : totals.trial.snapshots;
  return perRequest * connects + totals.changesSeen * askers + acted;
}
