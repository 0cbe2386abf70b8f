// How a benchmark ends when it has no result: one line on stderr, and its exit code.
import { CommanderError } from 'commander';
import { Interrupted } from '../harness/commands/interrupt.ts';
import { exitCodes, FreshetError, messageOf } from '../harness/contract/errors.ts';

export function reportEnding(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const lines =
    error instanceof FreshetError
      ? error.problems
      : [
          error instanceof CommanderError
            ? `${error.message.replace(/^error: /, '')}; expected what --help lists`
            : messageOf(error),
        ];
  process.stderr.write(`${lines.map((line) => line.replaceAll(/\s+/g, ' ')).join('\n')}\n`);
  if (error instanceof Interrupted) return error.exitCode;
  if (error instanceof CommanderError) return exitCodes.input;
  return error instanceof FreshetError ? exitCodes[error.kind] : exitCodes.bug;
}
