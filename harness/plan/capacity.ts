// Whether a machine can carry a trial's connections at all, and how the swarm must be cut to fit. Pure arithmetic over its limits.
import type { Limits } from '../contract/limits.ts';
import { formatNumber } from '../contract/units.ts';
import { settingOf } from './contender.ts';
import type { TrialPlan } from './trial-plan.ts';

/** One core serves about as many. */
const clientsOneShardServes = 15_000;
/** Where cores are to be had, smaller shards read their messages sooner. */
const clientsWorthAShard = 5_000;
/** Of the swarm and of the kernel for its end: 3 KB and 5, and to spare. */
const bytesPerClient = 10_000;
const memoryShare = 0.7;
/** What a process opens besides its clients' sockets: files, pipes, the event loop, database connections, scrapes. */
export const otherDescriptors = 100;
/** The kernel looks ever longer for a free port as they run out. */
const usablePortShare = 0.8;
/** Ports of a source address of a shard's own: apart from what the kernel chooses from, and above what services usually listen on. */
export const ownPorts = { first: 10_000, last: 32_767 } as const;
/** A closed connection keeps its port for this long, where ports are not reused. */
const timeWaitSeconds = 60;

/** Into how many shards this many clients are dealt. */
export function shardCount(clients: number, plan: TrialPlan, limits: Limits): number {
  const bearable = Math.min(clientsOneShardServes, clientsADescriptorLimitAllows(plan, limits));
  const wanted = Math.min(Math.floor(limits.cores / 2), Math.ceil(clients / clientsWorthAShard));
  return Math.max(1, Math.ceil(clients / bearable), wanted);
}

/** Whether the shards must name source addresses and ports, because the kernel's own choice would not do. */
export function needsOwnPorts(plan: TrialPlan, limits: Limits): boolean {
  const { outgoingPorts } = limits;
  if (outgoingPorts === null) return false;
  return portsHeld(plan, limits) > usablePorts(outgoingPorts);
}

/** Connections to one server that the kernel finds ports for in good time. */
export function usablePorts({ first, last }: { readonly first: number; readonly last: number }): number {
  return Math.floor(usablePortShare * (last - first + 1));
}

/** File descriptors that the process with the most of them needs: a server node, or the balancer, which has two a connection. */
export function descriptorsNeeded(plan: TrialPlan): number {
  return Math.max(descriptorsOfANode(plan), descriptorsOfBalancer(plan));
}

function descriptorsOfANode(plan: TrialPlan): number {
  return connectionsToANode(plan) + plan.poolSize + otherDescriptors;
}

function descriptorsOfBalancer(plan: TrialPlan): number {
  return plan.balancing === null ? 0 : 2 * connectionsInAll(plan) + otherDescriptors;
}

/** Connections of all clients at a time, at most. */
export function connectionsInAll(plan: TrialPlan): number {
  return plan.clients * connectionsOfAClient(plan);
}

/** Clients that a machine can carry, whatever they do, servers left aside. */
export function clientsAMachineCarries({ cores, memoryAvailableBytes }: Limits): number {
  const inMemory = Math.floor((memoryShare * memoryAvailableBytes) / bytesPerClient);
  return Math.max(1, Math.min(cores * clientsOneShardServes, inMemory));
}

/** Why this machine cannot carry the trial, and what to do: a line each. */
export function capacityProblems(plan: TrialPlan, limits: Limits): string[] {
  return [...serverProblems(plan, limits), ...portProblems(plan, limits)];
}

/** Why the servers cannot have the trial's clients on this machine, wherever those run. */
export function serverProblems(plan: TrialPlan, limits: Limits): string[] {
  const name = `${plan.contender.name} with ${formatNumber(plan.clients)} clients`;
  const problems: string[] = [];
  const throughBalancer = descriptorsOfBalancer(plan);
  if (limits.openFiles !== null && throughBalancer > limits.openFiles) {
    problems.push(
      `${name} needs ${formatNumber(throughBalancer)} file descriptors in a process of nginx; this machine allows ${formatNumber(limits.openFiles)}; use fewer clients, or raise the limit (ulimit -n ${throughBalancer} as root, or LimitNOFILE / --ulimit nofile of what started this shell)`,
    );
  }
  const needed = descriptorsOfANode(plan);
  if (limits.openFiles !== null && needed > limits.openFiles) {
    const nodes = Math.ceil(connectionsInAll(plan) / Math.max(1, limits.openFiles - plan.poolSize - otherDescriptors));
    const remedy =
      nodes <= 16
        ? `spread them with ${plan.contender.name.replace(/\+nodes=\d+/, '')}+nodes=${nodes}`
        : 'use fewer clients';
    problems.push(
      `${name} needs ${formatNumber(needed)} file descriptors in one server process; this machine allows ${formatNumber(limits.openFiles)}; ${remedy}, or raise the limit (ulimit -n ${needed} as root, or LimitNOFILE / --ulimit nofile of what started this shell)`,
    );
  }
  return problems;
}

/** Why so many clients cannot be sent from one machine. */
export function portProblems(plan: TrialPlan, limits: Limits): string[] {
  const name = `${plan.contender.name} with ${formatNumber(plan.clients)} clients`;
  const problems: string[] = [];
  if (plan.balancing === 'ip-hash' && !limits.hasManySources) {
    problems.push(
      `${name} needs clients from many networks; this system's loopback has one address; use balancer=round-robin or least-conn`,
    );
  }
  const { outgoingPorts } = limits;
  if (needsOwnPorts(plan, limits) && outgoingPorts !== null && !limits.hasManySources) {
    problems.push(
      `${name} needs ${formatNumber(portsHeld(plan, limits))} outgoing ports to one server; this machine has ${formatNumber(outgoingPorts.last - outgoingPorts.first + 1)}; spread them over servers with +nodes=N, or widen net.ipv4.ip_local_port_range`,
    );
  }
  return problems;
}

/** Ports that connections to one server hold at a time. */
function portsHeld(plan: TrialPlan, limits: Limits): number {
  // Balanced, all connect to one address.
  const addresses = plan.balancing === null ? plan.nodes : 1;
  const open = Math.ceil(connectionsInAll(plan) / addresses);
  const isPolling = plan.contender.transport === 'polling';
  const isKeptAlive =
    (!isPolling && plan.contender.transport !== 'long-polling') || settingOf(plan.contender, 'keep-alive') === 'on';
  if (isKeptAlive) return open;
  const restSeconds = limits.reusesPorts === false ? timeWaitSeconds : 1;
  const intervalUs = isPolling ? plan.pollIntervalUs : plan.updateIntervalUs;
  return open + Math.ceil((plan.clients / addresses / (intervalUs / 1e6)) * restSeconds);
}

function connectionsToANode(plan: TrialPlan): number {
  return Math.ceil(connectionsInAll(plan) / plan.nodes);
}

/** At most: a browser has six to one host. One that acts by POST does so on a connection of its own, and on more only while the server is slow. */
function connectionsOfAClient(plan: TrialPlan): number {
  const posts = plan.acting !== null && plan.contender.transport !== 'websocket' ? 1 : 0;
  return posts + watchingConnections(plan);
}

function watchingConnections(plan: TrialPlan): number {
  return plan.contender.transport === 'polling' && plan.late === 'overlap' ? 6 : 1;
}

function clientsADescriptorLimitAllows(plan: TrialPlan, { openFiles }: Limits): number {
  if (openFiles === null) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((openFiles - otherDescriptors) / connectionsOfAClient(plan)));
}
