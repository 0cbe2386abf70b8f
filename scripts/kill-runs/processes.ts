// The processes of one run as the kernel shows them (proc(5), Linux): found by a mark in their environment, named by their part in the run.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Parts of a run that may die before it does. */
export const parts = [
  'watchdog',
  'postgres',
  'postgres backend',
  'redis',
  'relay',
  'server',
  'publisher',
  'publish program',
  'shard',
  'canary',
] as const;
export type Part = (typeof parts)[number];

export interface SeenProcess {
  readonly pid: number;
  readonly part: Part | 'command' | 'npm' | 'other';
  readonly command: string;
}

/** The variable that marks a run and all it starts. */
export const markName = 'FRESHET_KILL_RUN';

/**
 * All living processes that carry the mark or work below `temporary`, the run's own directory, and their descendants: Postgres and Redis
 * write over their environment, and an orphan is nobody's descendant.
 */
export function processesOf(mark: string, temporary: string | null = null): SeenProcess[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readProcess(pid) ?? []);
  const marked = new Set(
    all
      .filter(
        ({ pid }) =>
          read(`/proc/${pid}/environ`).includes(`${markName}=${mark}`) ||
          (temporary !== null && workingDirectoryOf(pid).startsWith(`${temporary}/`)),
      )
      .map(({ pid }) => pid),
  );
  for (let before = -1; before !== marked.size; ) {
    before = marked.size;
    for (const { pid, parent } of all) if (marked.has(parent)) marked.add(pid);
  }
  const found = all.filter(({ pid }) => marked.has(pid));
  // Shards look alike; the canary is started last.
  const shards = found.filter(({ part }) => part === 'shard').map(({ pid }) => pid);
  const canary = shards.length > 1 ? Math.max(...shards) : null;
  return found.map(({ pid, part, command }) => ({
    pid,
    part: pid === canary ? 'canary' : part,
    command,
  }));
}

function readProcess(pid: string): (SeenProcess & { parent: number }) | null {
  const stat = read(`/proc/${pid}/stat`);
  // After the name in brackets: state, parent …
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // One that only waits to be reaped is dead.
  if (stat === '' || fields[0] === 'Z' || fields[0] === 'X') return null;
  const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  return { pid: Number(pid), parent: Number(fields[1]), part: partOf(command), command };
}

const partPatterns: readonly (readonly [RegExp, SeenProcess['part']])[] = [
  [/watchdog\.sh/, 'watchdog'],
  [/bin\/postgres -D/, 'postgres'],
  [/^postgres: \S+_server /, 'postgres backend'],
  [/redis-server|valkey-server/, 'redis'],
  [/servers\.cjs relay/, 'relay'],
  [/servers\.cjs serve/, 'server'],
  [/servers\.cjs publish/, 'publish program'],
  [/publisher\.cjs/, 'publisher'],
  [/shard\.cjs/, 'shard'],
  [/node .*harness\/cli\.ts/, 'command'],
  [/^npm /, 'npm'],
];

function partOf(command: string): SeenProcess['part'] {
  return partPatterns.find(([pattern]) => pattern.test(command))?.[1] ?? 'other';
}

/** Empty for a process that is gone or not ours to see. */
function workingDirectoryOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** Empty for a process that is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
