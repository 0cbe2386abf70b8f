// A trial's shards on agents: jobs out, one stream of commands for all, and a common start when every shard is ready.
import type { Redis } from 'ioredis';
import type { FreshetError } from '../contract/errors.ts';
import type { RunningShards } from '../swarm/executor.ts';
import type { ShardCommand, ShardGroup, ShardPlan } from '../swarm/shard-contract.ts';
import type { Hand } from './hand.ts';
import { commandField, groupField } from './job.ts';
import { keys, queueLifeMs } from './meeting.ts';
import { RemoteShard } from './remote-shard.ts';

const checkMs = 500;

export async function startRemotely(
  plans: readonly ShardPlan[],
  options: {
    readonly hands: readonly Hand[];
    readonly client: Redis;
    readonly run: string;
    readonly trial: string;
    readonly lost: Promise<FreshetError>;
  },
): Promise<RunningShards> {
  const { hands, client, run, trial, lost } = options;
  const stream = keys.commands(trial);
  const handles = plans.map((plan, index) => new RemoteShard(plan, plan.agent ?? '', `${trial}-${index + 1}`));
  const handOf = (shard: RemoteShard) => hands.find(({ card }) => card.name === shard.agent);
  const checking = setInterval(() => {
    for (const hand of hands) hand.check();
    client.pexpire(stream, queueLifeMs).catch(() => {});
  }, checkMs);
  const give = async (shard: RemoteShard, index: number) => {
    const hand = handOf(shard);
    const plan = plans[index];
    if (hand === undefined || plan === undefined) throw new Error(`no agent ${shard.agent}`);
    void shard.ended.then((how) => {
      if (how !== 'is gone') hand.lose(how);
    });
    await hand.give({ run, trial, plan }, shard);
  };
  await Promise.race([Promise.all(handles.map(give)), lost]);
  await Promise.race([Promise.all(handles.map(({ ready }) => ready)), lost]);
  return {
    handles,
    children: [],
    lost,
    tell: (command, group) => {
      for (const handle of handles) if (group === undefined || handle.group === group) handle.told(command);
      const telling = client
        .multi()
        .xadd(stream, '*', ...entryOf(command, group))
        .pexpire(stream, queueLifeMs);
      telling.exec().catch(() => {}); // That Redis is away shows in the beats.
    },
    close: async () => {
      clearInterval(checking);
      await Promise.allSettled(handles.map((shard) => handOf(shard)?.forget(shard)));
      await client.del(stream);
    },
  };
}

function entryOf(command: ShardCommand, group: ShardGroup | undefined): string[] {
  return [commandField, JSON.stringify(command), ...(group === undefined ? [] : [groupField, group])];
}
