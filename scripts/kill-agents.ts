// `npm run kill-agents -- --runs 20 --seed 1`: kills or freezes one of four agents at a random moment of a run, and looks at the record.
// Exit code 1 when any run did not end in a valid record with a finding that names the agent. A run takes some 15 s.
import { parseArgs } from 'node:util';
import { keys } from '../harness/agents/meeting.ts';
import { messageOf } from '../harness/contract/errors.ts';
import { killAgent, planKill } from './kill-agents/kill.ts';
import { AgentRig } from './kill-agents/rig.ts';

const agentCount = 4;

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { runs = '20', seed = '1' } = parseArgs({ options: { runs: text, seed: text } }).values;
  const rig = await AgentRig.open();
  let wrong = 0;
  let born = 0;
  try {
    const start = () => rig.startAgent(`agent-${++born}`);
    for (let agent = 0; agent < agentCount; agent++) start();
    for (let number = 1; number <= Number(runs); number++) {
      await rig.untilFree(agentCount);
      const plan = planKill(Number(seed), number);
      const outcome = await killAgent(plan, rig, agentCount);
      const at = `${plan.way} after ${(plan.afterUs / 1e6).toFixed(1)} s`;
      const end = `exit ${outcome.exitCode} ${(outcome.endedAfterUs / 1e6).toFixed(1)} s later`;
      process.stdout.write(`#${number} ${outcome.victim}: ${at} → ${end}: ${outcome.finding ?? 'no finding'}\n`);
      for (const problem of outcome.problems) process.stdout.write(`      WRONG: ${problem}\n`);
      if (outcome.problems.length > 0) wrong += 1;
      rig.agent(outcome.victim).child.kill('SIGKILL');
      start();
    }
    const claims = await rig.meeting.client.keys(keys.claim('*'));
    if (claims.length > 0) process.stdout.write(`WRONG: left in Redis: ${claims.join(', ')}\n`);
    process.stdout.write(`${Number(runs) - wrong} of ${runs} runs ended as documented (seed ${seed}).\n`);
    return wrong > 0 || claims.length > 0 ? 1 : 0;
  } finally {
    await rig.close();
  }
}

try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(3);
}
