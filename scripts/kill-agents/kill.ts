// One run with agents, one of which is killed or frozen in the middle. Out: what is wrong with how it ended, and what it said.
import { nowUs, sleepUs } from '../../harness/contract/clock.ts';
import { type RunRecord, runRecord, type TrialRecord } from '../../harness/contract/record.ts';
import { seededRandom } from '../../harness/plan/random.ts';
import type { AgentRig } from './rig.ts';

export interface AgentKill {
  readonly number: number;
  readonly way: 'SIGKILL' | 'SIGSTOP';
  /** From the trial's beginning, while its processes start, until somewhere in its window. */
  readonly afterUs: number;
  /** A draw from 0 to 1 for which agent it is. */
  readonly whom: number;
}

/** No window begins before its trial is so old, and this one's is 4 s long. */
const latestUs = 6_500_000;
/** A loss is known within 5 s, and the trial goes on from there. */
const patienceUs = 45_000_000;

const killedRun = ['dashboard', '--clients', '200', '--contenders', 'sse', '--update-interval', '500ms'].concat([
  '--duration',
  '4s',
  '--set',
  'control=100ms',
]);

export function planKill(seed: number, number: number): AgentKill {
  const random = seededRandom(seed, number);
  return {
    number,
    way: random() < 0.7 ? 'SIGKILL' : 'SIGSTOP',
    afterUs: Math.floor(random() * latestUs),
    whom: random(),
  };
}

export interface KillOutcome {
  readonly victim: string;
  readonly exitCode: number | null;
  /** The finding that names the victim; `null`: there is none. */
  readonly finding: string | null;
  /** From the kill to the run's end. */
  readonly endedAfterUs: number;
  readonly problems: readonly string[];
}

/** Starts a run with so many agents, and takes one of them. */
export async function killAgent(plan: AgentKill, rig: AgentRig, agents: number): Promise<KillOutcome> {
  const run = rig.bench([...killedRun, '--agents', String(agents), '--redis', rig.redisUrl]);
  await run.says('[1/1]');
  const names = /^agents: (.*)$/m.exec(run.said())?.[1]?.split(', ') ?? [];
  const victim = names[Math.floor(plan.whom * names.length)] ?? '';
  await sleepUs(plan.afterUs);
  const killedUs = nowUs();
  rig.agent(victim).child.kill(plan.way);
  const exitCode = await Promise.race([run.ended, sleepUs(patienceUs).then(() => 'still runs' as const)]);
  const endedAfterUs = nowUs() - killedUs;
  if (exitCode === 'still runs') {
    run.child.kill('SIGKILL');
    return { victim, exitCode: null, finding: null, endedAfterUs, problems: [`hung: ${run.said()}`] };
  }
  const read = readRecord(run);
  if ('problem' in read) return { victim, exitCode, finding: null, endedAfterUs, problems: [read.problem] };
  const [trial] = read.record.trials;
  const finding = trial?.health.find(({ code }) => code === 'AGENT_LOST')?.message ?? null;
  const problems = [
    ...(exitCode === 4 ? [] : [`exit code ${exitCode}; expected 4: ${run.said()}`]),
    ...(read.record.status === 'invalid' ? [] : [`status ${read.record.status}; expected invalid`]),
    ...(trial === undefined ? ['no trial in the record'] : judgeLoss(trial, victim)),
    ...(/a bug of Freshet/.test(run.said()) ? [run.said()] : []),
  ];
  return { victim, exitCode, finding, endedAfterUs, problems };
}

/** What is wrong with a trial that lost this agent and no other. */
export function judgeLoss(trial: Omit<TrialRecord, 'phasesUs'>, victim: string): string[] {
  const findings = trial.health.filter(({ code }) => code === 'AGENT_LOST').map(({ message }) => message);
  const lost = trial.agents?.filter((agent) => agent.lost !== null).map(({ name }) => name) ?? [];
  const isNamed = findings.length === 1 && findings[0]?.startsWith(`agent ${victim} `) === true;
  return [
    ...(isNamed ? [] : [`findings: ${findings.join('; ')}; expected one that names ${victim}`]),
    ...(lost.join() === victim ? [] : [`lost: ${lost.join()}; expected ${victim}`]),
  ];
}

function readRecord(run: ReturnType<AgentRig['bench']>): { record: RunRecord } | { problem: string } {
  try {
    return { record: runRecord.parse(JSON.parse(run.record())) };
  } catch (error) {
    return { problem: `no valid record: ${error instanceof Error ? error.message : error}: ${run.said()}` };
  }
}
