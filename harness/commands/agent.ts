// `agent`: runs shards for runs elsewhere until it is told to leave; `agents`: who is there.
import os from 'node:os';
import { runAgent } from '../agents/agent.ts';
import { allowedAddresses } from '../agents/allowed.ts';
import { type MeetingPlace, openMeeting } from '../agents/meeting.ts';
import { type KnownAgent, listAgents } from '../agents/registry.ts';
import { formatBytes, formatNumber } from '../contract/units.ts';
import { clientsAMachineCarries } from '../plan/capacity.ts';
import { freshetVersion } from '../record/environment.ts';
import { buildBundles, entryPoints, hashOfBundle } from '../services/bundle.ts';
import { type Guard, openGuard } from '../services/guard.ts';
import { readLimits } from '../services/limits.ts';
import type { AgentRequest } from './agent-request.ts';
import { abortOnSignals } from './interrupt.ts';

/** Works until a signal, which it throws as `Interrupted` when the shards that ran have come to their end. */
export async function runAgentCommand({ place, name, allowedHosts }: AgentRequest): Promise<never> {
  const signal = abortOnSignals('the shards that ran have come to their end');
  const guard = await openGuard();
  try {
    const meeting = await openMeeting(place);
    try {
      const { bundle, version } = await shardCode(guard);
      const limits = readLimits();
      await runAgent({
        guard,
        meeting,
        bundle,
        card: { name, host: os.hostname(), version, limits, carries: clientsAMachineCarries(limits) },
        allows: allowedAddresses(allowedHosts),
        signal,
        say: (line) => process.stderr.write(`${line}\n`),
      });
    } finally {
      meeting.close();
    }
  } finally {
    await guard.close();
  }
  throw signal.reason;
}

/** The shards' bundle, and the version by which runs and agents know that they have the same. */
export async function shardCode(guard: Guard): Promise<{ readonly bundle: string; readonly version: string }> {
  const { shard } = entryPoints();
  const bundles = await buildBundles(guard.directory, { agentShard: shard });
  const version = `${await freshetVersion()}+${await hashOfBundle(bundles.agentShard)}`;
  return { bundle: bundles.agentShard, version };
}

/** Prints who is there. */
export async function runAgentsCommand(place: MeetingPlace): Promise<number> {
  const meeting = await openMeeting(place);
  try {
    process.stdout.write(`${describeAgents(await listAgents(meeting.client))}\n`);
    return 0;
  } finally {
    meeting.close();
  }
}

/** A row for each agent. */
export function describeAgents(agents: readonly KnownAgent[]): string {
  if (agents.length === 0) return 'no agent is there; start one with: npm run agent -- --redis …';
  const heads = ['agent', 'host', 'version', 'cores', 'memory', 'descriptors', 'can carry', 'state'];
  const rows = [heads, ...agents.map(rowOf)];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rowOf({ name, host, version, card, claimedBy }: KnownAgent): string[] {
  if (card === null) return [name, host, version, '–', '–', '–', '–', 'of another version'];
  const { cores, memoryAvailableBytes, openFiles } = card.limits;
  return [
    name,
    host,
    version,
    String(cores),
    formatBytes(memoryAvailableBytes),
    openFiles === null ? '–' : formatNumber(openFiles),
    `${formatNumber(card.carries)} clients`,
    card.isLeaving ? 'leaving' : claimedBy === null ? 'free' : `busy (run ${claimedBy})`,
  ];
}
