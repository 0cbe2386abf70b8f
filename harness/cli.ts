// The only place that ends the process, and where every ending becomes a line. What the arguments mean is in commands/program.ts.
import { checkLateSignal } from './commands/interrupt.ts';
import { describeEnding, runCommandLine } from './commands/program.ts';
import { FreshetError, messageOf } from './contract/errors.ts';

// Who no longer reads what we say (`| head`, a closed terminal) ends neither the run nor the writing of its record; a result that
// cannot be written where it was sent (a full disk) is an error.
let lostOutput: Error | null = null;
const noteLoss = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') lostOutput = error;
};
process.stdout.on('error', noteLoss);
process.stderr.on('error', () => {});
process.on('uncaughtException', (error) => process.exit(reportEnding(error)));

async function main(): Promise<number> {
  try {
    const exitCode = await runCommandLine(process.argv.slice(2));
    await flushAll();
    // A failed write, and a signal that came while there was no turn to hear of it, are told in the next one.
    await new Promise((resolve) => setImmediate(resolve));
    checkLateSignal();
    return exitCode;
  } catch (error) {
    return reportEnding(error);
  }
}

function reportEnding(error: unknown): number {
  const { exitCode, lines } = describeEnding(error);
  if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
  if (process.argv.includes('--debug') && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return exitCode;
}

function unwritable(error: Error): FreshetError {
  return new FreshetError(
    'environment',
    `the result cannot be written to stdout: ${messageOf(error)}; expected room there`,
  );
}

/** Resolves when what was written has been taken, or cannot be: to exit before would cut a long result short. */
async function flushAll(): Promise<void> {
  const flush = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write('', () => resolve()));
  await Promise.all([process.stdout, process.stderr].map(flush));
}

const exitCode = await main();
await flushAll();
process.exit(lostOutput === null || exitCode !== 0 ? exitCode : reportEnding(unwritable(lostOutput)));
