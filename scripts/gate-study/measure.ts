// `measure --baseline . --candidate DIR --contender websocket --pairs 4 --first 1 --to FILE`: pairs as the gate measures them, a line of
// JSON each. A file grows over as many calls as one likes; `--first` numbers on, so that the order within the pairs goes on alternating.
import { appendFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ensureCapacity } from '../../harness/commands/bench.ts';
import { readGateRequest } from '../../harness/commands/gate-request.ts';
import { startGateRig } from '../../harness/commands/gate-rig.ts';
import { guarded } from '../../harness/commands/guarded.ts';
import { abortOnSignals } from '../../harness/commands/interrupt.ts';
import { FreshetError, messageOf } from '../../harness/contract/errors.ts';
import type { TrialRecord } from '../../harness/contract/record.ts';

/** One line of the file. */
export interface MeasuredPair {
  readonly pair: number;
  readonly baseline: TrialRecord;
  readonly candidate: TrialRecord;
}

const options = {
  baseline: '.',
  candidate: '.',
  contender: 'websocket',
  clients: '',
  pairs: '10',
  first: '1',
  to: 'pairs.jsonl',
} as const;

export async function measurePairs(args: readonly string[]): Promise<void> {
  const { baseline, candidate, contender, clients, pairs, first, to } = readOptions(args);
  const values = { contenders: contender, ...(clients !== '' && { clients }) };
  const request = readGateRequest(
    { baseline, candidate, deterministic: true },
    { values, set: [], quick: false },
    { environment: process.env, found: [] },
  );
  const [usual] = request.bench.trials;
  if (usual === undefined) return;
  const plans = Array.from({ length: count('--pairs', pairs) }, (_, index) => {
    const repetition = count('--first', first) + index;
    return { ...usual, repetition, seed: request.bench.seed + repetition - 1 };
  });
  const limits = await ensureCapacity(plans);
  const signal = abortOnSignals('the pairs measured so far are kept');
  const step = (line: string) => void process.stderr.write(`${line}\n`);
  await guarded({ signal }, async (guard) => {
    const rig = await startGateRig(request, { limits, guard, signal, step });
    for (const plan of plans) {
      const pair = await rig.measurePair(plan);
      const line: MeasuredPair = {
        pair: plan.repetition,
        baseline: essence(pair.baseline),
        candidate: essence(pair.candidate),
      };
      await appendFile(to, `${JSON.stringify(line)}\n`);
    }
    await rig.stop();
  });
}

/** Without what the gate does not read. */
function essence(trial: TrialRecord): TrialRecord {
  return { ...trial, events: [], timeline: { ...trial.timeline, series: {} } };
}

function readOptions(args: readonly string[]): Record<keyof typeof options, string> {
  const types = Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' as const }]));
  try {
    return { ...options, ...parseArgs({ args: [...args], options: types }).values };
  } catch (error) {
    const names = Object.keys(options).map((name) => `--${name}`);
    throw new FreshetError('input', `${messageOf(error)}; expected ${names.join(', ')}`);
  }
}

function count(flag: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new FreshetError('input', `${flag} is '${text}'; expected a whole number from 1`);
  return Number(text);
}
