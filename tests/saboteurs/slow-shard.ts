// A generator that is busy whenever something is to be measured: each shard but the canary computes from just before a change is
// intended until well after it, and sees nothing meanwhile.
import { nowUs } from '../../harness/contract/clock.ts';
import type { ShardCommand } from '../../harness/swarm/shard-contract.ts';
import { busyUs } from './deeds.ts';

const leadUs = 5_000;
let isCanary = false;

process.on('message', (command: ShardCommand) => {
  if (command.type === 'plan') isCanary = command.plan.group === 'canary';
  if (command.type !== 'updates' || !command.inWindow || isCanary) return;
  for (const { intendedUs } of command.updates)
    setTimeout(stayBusyUntil, (intendedUs - leadUs - nowUs()) / 1_000, intendedUs + busyUs);
});

function stayBusyUntil(atUs: number): void {
  while (nowUs() < atUs);
}

void import('../../harness/swarm/main.ts');
