// What `agent` and `agents` are asked on the command line, and a run that wants agents; every problem at once.
import os from 'node:os';
import type { MeetingPlace } from '../agents/meeting.ts';
import { FreshetError } from '../contract/errors.ts';
import { isLoopback } from '../contract/loopback.ts';
import { parseSetting } from '../contract/settings.ts';
import type { TrialPlan } from '../plan/trial-plan.ts';
import { parseServiceUrl } from '../services/service-url.ts';

export interface AgentRequest {
  readonly place: MeetingPlace;
  readonly name: string;
  readonly allowedHosts: readonly string[];
}

/** A run's own wish for agents. */
export interface CrewRequest {
  readonly count: number;
  readonly place: MeetingPlace;
  /** A name or address of this machine; `null`: loopback. */
  readonly serveAs: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Values = Readonly<Record<string, string | undefined>>;

/** Throws `input` with one line for each problem. */
export function readAgentRequest(
  values: Values & { readonly name?: string },
  {
    allowedHosts,
    environment,
    found,
  }: { allowedHosts: readonly string[]; environment: Environment; found: readonly string[] },
): AgentRequest {
  const problems = [...found];
  const place = readPlace(values, environment, problems);
  const name = values.name ?? `${os.hostname()}-${process.pid}`;
  if (!/^[\w.-]{1,64}$/.test(name))
    problems.push(`--name is '${name}'; expected up to 64 letters, digits, dots, dashes and underscores`);
  if (problems.length > 0) throw new FreshetError('input', problems);
  return { place, name, allowedHosts };
}

/** Throws `input` likewise. */
export function readAgentsRequest(values: Values, environment: Environment, found: readonly string[]): MeetingPlace {
  const problems = [...found];
  const place = readPlace(values, environment, problems);
  if (problems.length > 0) throw new FreshetError('input', problems);
  return place;
}

/** Whether a run wants agents, where, and how many; adds to the problems. */
export function readCrewRequest(values: Values, environment: Environment, problems: string[]): CrewRequest | null {
  const { agents, 'serve-as': serveAs } = values;
  if (agents === undefined) {
    const lonely = ['serve-as', 'redis-ca'].filter((name) => values[name] !== undefined);
    problems.push(...lonely.map((name) => `--${name} is for agents; expected --agents N beside it`));
    return null;
  }
  const place = readPlace(values, environment, problems);
  const parsed = parseSetting('--agents', { kind: 'count', default: 1, min: 1, max: 1000, meaning: '' }, agents);
  if ('problem' in parsed) problems.push(parsed.problem);
  if (serveAs !== undefined && !/^[\w.-]+$/.test(serveAs))
    problems.push(`--serve-as is '${serveAs}'; expected a host name or an IPv4 address of this machine`);
  return { count: 'problem' in parsed ? 1 : Number(parsed.value), place, serveAs: serveAs ?? null };
}

/** What agents cannot do for a trial, a line each. */
export function crewProblems(plan: TrialPlan, { serveAs }: CrewRequest): string[] {
  const isElsewhere = serveAs !== null && !isLoopback(serveAs);
  return [
    ...(plan.contender.foreign === undefined
      ? []
      : ['--target-file with --agents: its code is on this machine alone; expected one of them']),
    ...(plan.vanishing?.by === 'namespace'
      ? [`${plan.scenario} with --agents: their network cannot be cut from here; expected --set vanish-by=freeze`]
      : []),
    ...(isElsewhere && plan.balancing === 'ip-hash' && !plan.network.oneAddress
      ? [
          `${plan.contender.name} needs clients from many networks, and each agent has one; expected balancer=round-robin, least-conn or cookie`,
        ]
      : []),
  ];
}

/** The same trial as agents can run it. */
export function forAgents(plan: TrialPlan): TrialPlan {
  return plan.vanishing?.by === 'auto' ? { ...plan, vanishing: { ...plan.vanishing, by: 'freeze' } } : plan;
}

function readPlace(values: Values, environment: Environment, problems: string[]): MeetingPlace {
  const url = values.redis ?? environment.REDIS_URL;
  const caFile = values['redis-ca'] ?? null;
  if (url === undefined) {
    problems.push(
      'no --redis (or REDIS_URL) says where agents and runs meet; expected redis://HOST:6379 or rediss://…',
    );
    return { url: '', caFile };
  }
  try {
    parseServiceUrl(url, { flag: '--redis', protocols: ['redis:', 'rediss:'], example: 'redis://localhost:6379' });
  } catch (error) {
    if (!(error instanceof FreshetError)) throw error;
    problems.push(...error.problems);
  }
  return { url, caFile };
}
