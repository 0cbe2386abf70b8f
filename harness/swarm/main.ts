// A shard as a process: commands come and reports go over Node's IPC channel. It ends when told, or when its parent is gone.
import { followClock } from '../contract/clock.ts';
import { Shard } from './shard.ts';
import type { ShardCommand, ShardReport } from './shard-contract.ts';

let shard: Shard | null = null;

function report(what: ShardReport): void {
  process.send?.(what);
}

let closing = false;
// Close frames still have to leave; a lost parent is no reason to wait.
process.on('disconnect', () => (closing ? setTimeout(() => process.exit(0), 500).unref() : process.exit(0)));
// A terminal's Ctrl-C is the command's to handle; it tells its shards.
process.on('SIGINT', () => {});
process.on('message', (command: ShardCommand) => {
  if (command.type === 'plan') {
    shard = new Shard(command.plan, report);
    report({ type: 'ready' });
    return;
  }
  if (command.type === 'clock') {
    followClock(command.offset);
    return;
  }
  shard?.obey(command);
  if (command.type === 'close') {
    closing = true;
    process.disconnect();
  }
});
