// The end of a run, however it came: record, report and table of what was measured, wherever there is still room for them.
import { FreshetError, messageOf, systemFailure } from '../contract/errors.ts';
import type { RunRecord } from '../contract/record.ts';
import type { RecordStore } from '../record/store.ts';
import { openGuard } from '../services/guard.ts';
import { Interrupted } from './interrupt.ts';
import type { Progress } from './progress.ts';

interface Ending {
  readonly record: RunRecord;
  readonly store: RecordStore;
  /** What ended the run before all was measured, or `null`. */
  readonly failure: unknown;
  readonly progress: Progress;
  readonly json: boolean;
}

/** Keeps and prints what was measured. Throws what ended the run early, and what kept the record or the report from being written. */
export async function conclude(ending: Ending): Promise<void> {
  const { store, failure, progress, json } = ending;
  if (ending.record.trials.length === 0) {
    await store.discard();
    throw withOutcome(failure, 'nothing was measured yet');
  }
  const { printRun, withVerdict } = await import('./render.ts');
  const record = withVerdict(ending.record);
  const { paths, problem } = await write({ ...ending, record });
  progress.end();
  printRun(record, { json, paths });
  if (problem !== null) {
    const first = failure instanceof FreshetError && !problem.startsWith(failure.message) ? failure.problems : [];
    throw new FreshetError('environment', [...first, problem]);
  }
  if (failure !== null) throw withOutcome(failure, 'what was measured is kept');
}

function withOutcome(failure: unknown, outcome: string): unknown {
  return failure instanceof Interrupted ? new Interrupted(failure.signal, outcome) : failure;
}

/** Record and report on the disk, or what is in the way and where the record is instead. */
async function write({ record, store, progress }: Ending): Promise<{ paths: string[]; problem: string | null }> {
  let path: string;
  try {
    path = await store.write(record);
  } catch (error) {
    const elsewhere = await store.writeElsewhere(record);
    const where = elsewhere === null ? 'the table is all there is' : `what was measured is kept in ${elsewhere}`;
    return { paths: [], problem: `${messageOf(error)}; ${where}` };
  }
  progress.step('drawing the report');
  try {
    // The measuring's guard is gone by now; this one is for half-written files.
    const guard = await openGuard();
    guard.addDirectory(store.scratch);
    const { renderRuns } = await import('./render.ts');
    const paths = await renderRuns([record], store.directory).finally(() => guard.close());
    return { paths, problem: null };
  } catch (error) {
    const known = systemFailure(error);
    if (!(known instanceof FreshetError)) throw known;
    return {
      paths: [],
      problem: `the report cannot be drawn: ${known.message}; the record is whole; make room and run npm run report -- ${path}`,
    };
  }
}
