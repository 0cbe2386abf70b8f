// Against what the shell says of the same machine, and with a limit that was lowered to be raised again.
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { raiseOpenFiles, readLimits } from './limits.ts';

const here = fileURLToPath(new URL('./limits.ts', import.meta.url));

/** Runs this, with `limits` in scope, in a process whose soft limit is 500 after Node has raised it at its start. */
async function withLoweredLimit(expression: string): Promise<unknown> {
  const program = `
    import { execFileSync } from 'node:child_process';
    const limits = await import(${JSON.stringify(here)});
    execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=500:']);
    process.stdout.write(JSON.stringify(${expression}));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    program,
  ]);
  return JSON.parse(stdout);
}

describe('limits', () => {
  test('are what the shell says', () => {
    const limits = readLimits();
    expect(String(limits.openFiles)).toBe(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim());
    expect(limits.cores).toBeGreaterThan(0);
    expect(limits.memoryAvailableBytes).toBeGreaterThan(1e6);
    expect(limits.outgoingPorts?.last).toBeGreaterThan(limits.outgoingPorts?.first ?? 0);
  });

  test('of open files are raised for the process and its children', async () => {
    const softNow = `execFileSync('sh', ['-c', 'ulimit -Sn'], { encoding: 'utf8' }).trim()`;
    expect(await withLoweredLimit(softNow)).toBe('500');
    expect(await withLoweredLimit(`await limits.raiseOpenFiles(800).then(() => ${softNow})`)).toBe('800');
  });

  test('that may not be raised stay, without an error', async () => {
    const { openFiles } = readLimits();
    expect(await raiseOpenFiles(10)).toBe(openFiles);
    // Above fs.nr_open nobody may, not even root.
    expect(await raiseOpenFiles(2 ** 40)).toBe(openFiles);
  });
});
