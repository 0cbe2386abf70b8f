// `npm run fuzz -- --inputs 1000000 --seed 1 [--only NAME]`: each reader in this process, then each server over real sockets.
// A fault names the command that makes the same input again. Exit codes: 0 no fault, 1 a fault, 2 bad input, 3 and 70 as everywhere.
import { exitCodes, FreshetError, messageOf } from '../../harness/contract/errors.ts';
import { fuzzReader, inputOf } from './readers/fuzz-reader.ts';
import { findFault, type ReaderSubject } from './readers/reader-subject.ts';
import { type FuzzRequest, readFuzzRequest } from './request.ts';
import { fuzzServer, type ServerReport } from './servers/fuzz-server.ts';
import { FuzzedSystem } from './servers/fuzzed-system.ts';
import { Rig } from './servers/rig.ts';
import { readerSubjects, serverSubjects } from './subjects.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const replayCommand = ({ seed }: FuzzRequest, name: string, numbers: string | number): string =>
  `npm run fuzz -- --seed ${seed} --only ${name} --numbers ${numbers}`;

/** Returns how many faults there were. */
async function runReader(subject: ReaderSubject, request: FuzzRequest): Promise<number> {
  const { inputs, seed, numbers } = request;
  const { name } = subject;
  if (numbers !== null) {
    const found = numbers.map((number) => {
      const { wire, cutting } = inputOf(subject, seed, number);
      const what = findFault(subject, wire, cutting);
      say(
        `${name} ${number}: ${JSON.stringify(wire.toString('latin1'))} in ${JSON.stringify(cutting)}: ${what ?? 'no fault'}`,
      );
      return what;
    });
    return found.filter((what) => what !== null).length;
  }
  const report = await fuzzReader(subject, {
    seed,
    inputs,
    replayCommand: (index) => replayCommand(request, name, index),
  });
  const { durationUs, heapBytes, fault } = report;
  const rate = Math.round((report.inputs / durationUs) * 1e6);
  say(
    `${name}: ${report.inputs} inputs, ${rate} a second, heap ${inMb(heapBytes[0])} at a tenth and ${inMb(heapBytes[1])} MB at the end`,
  );
  if (fault === null) return 0;
  say(`  FAULT ${fault.what}; again: ${replayCommand(request, name, fault.index)}`);
  return 1;
}

async function runServer(rig: Rig, transport: (typeof serverSubjects)[number], request: FuzzRequest): Promise<number> {
  const { seed, inputs, numbers } = request;
  const system = await FuzzedSystem.start(rig, transport);
  let report: ServerReport;
  try {
    report = await fuzzServer(system, { seed, inputs, numbers });
  } finally {
    await system.close();
  }
  const { durationUs, conversations, counts, early, late, healthChecks, suspects } = report;
  const rate = Math.round((report.inputs / durationUs) * 1e6);
  say(
    `${transport}: ${report.inputs} inputs in ${conversations} connections, ${rate} a second; /healthz asked ${healthChecks} times`,
  );
  say(
    `  answers: ${[...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([what, count]) => `${what} × ${count}`)
      .join(', ')}`,
  );
  for (const [when, stock] of [
    ['at a tenth', early],
    ['at the end', late],
  ] as const) {
    if (stock !== null)
      say(
        `  ${when}: heap ${inMb(stock.heapBytes)} MB, resident ${inMb(stock.rssBytes)} MB, descriptors ${stock.descriptors}, connections ${stock.connections}`,
      );
  }
  for (const fault of report.faults) say(`  FAULT ${fault}`);
  if (suspects.length > 0) say(`  again: ${replayCommand(request, transport, suspects.join(','))}`);
  return report.faults.length;
}

async function main(): Promise<number> {
  const request = readFuzzRequest(process.argv.slice(2));
  let faults = 0;
  for (const subject of readerSubjects)
    if (request.only.includes(subject.name)) faults += await runReader(subject, request);
  const transports = serverSubjects.filter((name) => request.only.includes(name));
  if (transports.length > 0) {
    const rig = await Rig.open();
    try {
      for (const transport of transports) faults += await runServer(rig, transport, request);
    } finally {
      await rig.close();
    }
  }
  say(faults === 0 ? 'no fault' : `${faults} faults`);
  return faults === 0 ? 0 : exitCodes.gate;
}

function inMb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

try {
  process.exitCode = await main();
} catch (error) {
  const problems = error instanceof FreshetError ? error.problems : [`a bug of the fuzzer: ${messageOf(error)}`];
  process.stderr.write(`${problems.map((line) => line.replaceAll(/\s+/g, ' ')).join('\n')}\n`);
  process.exitCode = error instanceof FreshetError ? exitCodes[error.kind] : exitCodes.bug;
}
