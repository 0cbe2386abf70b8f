// The publisher: an open schedule of changes in a process of its own. A change is sent when it is intended, whatever became of the last one,
// and is tried again until it is committed: a database that was away shows as lag, not as a change that never was. Those of its dashboard that
// become due meanwhile follow it.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { PublishCommand, PublishResult, ReadyLine } from '../../servers/protocol.ts';
import { nowUs } from '../contract/clock.ts';
import { messageOf } from '../contract/errors.ts';
import type { PublishProgram } from '../contract/target.ts';
import type { Update } from '../plan/arrivals.ts';
import { Scheduler } from '../swarm/scheduler.ts';
import { Backlog } from './backlog.ts';
import type { PublisherCommand, PublisherReport } from './publisher-contract.ts';

const retryUs = 200_000;
const rehearsals = 100;
const wakeUs = 20_000;
const recentUs = 200_000;
const rehearsalVersion = 0;

const scheduler = new Scheduler();
const backlog = new Backlog();
const intended = new Map<string, Update>();
let rehearsalsLeft = rehearsals;
let programPid = 0;
let isReady = false;
let lastSentUs = 0;
let program: ChildProcessByStdio<Writable, Readable, null> | null = null;

function report(what: PublisherReport): void {
  process.send?.(what);
}

function keyOf(update: { audience: number; version: number }): string {
  return `${update.audience}:${update.version}`;
}

function schedule(update: Update): void {
  scheduler.at(update.intendedUs - wakeUs, { run: wake });
  scheduler.at(update.intendedUs, {
    run: () => {
      if (backlog.admits(update)) send(update);
    },
  });
}

/** A path that slept for seconds takes some 5 ms for its first step: one that changes nothing goes ahead, so that the change is not late. */
function wake(): void {
  const atUs = nowUs();
  if (atUs - lastSentUs < recentUs) return;
  rehearsalsLeft += 1;
  send({ audience: 0, version: rehearsalVersion, intendedUs: 0 });
}

/** Runs the path of a change often enough to be compiled: a version that is never newer changes nothing and tells nobody. */
function rehearse(pid: number): void {
  programPid = pid;
  for (let turn = 0; turn < rehearsals; turn++) send({ audience: 0, version: rehearsalVersion, intendedUs: 0 });
}

function send({ audience, version, intendedUs }: Update): void {
  const command: PublishCommand = { audience, version, intendedUs };
  lastSentUs = nowUs();
  program?.stdin.write(`${JSON.stringify(command)}\n`);
}

function onLine(line: string): void {
  const answer = JSON.parse(line) as PublishResult | ReadyLine;
  if ('role' in answer) {
    rehearse(answer.pid);
    return;
  }
  if (answer.version === rehearsalVersion) {
    rehearsalsLeft -= 1;
    if (rehearsalsLeft === 0 && !isReady) report({ type: 'ready', pid: programPid });
    isReady ||= rehearsalsLeft === 0;
    return;
  }
  const update = intended.get(keyOf(answer));
  if (update === undefined) return;
  if (answer.committedUs === null) {
    report({ type: 'failed', error: answer.error ?? 'no reason given' });
    if (backlog.failed(update)) scheduler.at(nowUs() + retryUs, { run: () => send(update) });
    return;
  }
  intended.delete(keyOf(answer));
  report({ type: 'published', published: { ...update, sentUs: answer.sentUs, committedUs: answer.committedUs } });
  const next = backlog.committed(update);
  if (next !== null) send(next);
}

function begin({ command, args, env }: PublishProgram): void {
  program = spawn(command, [...args], { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  program.on('error', (error) => report({ type: 'broken', error: messageOf(error) }));
  program.on('exit', (code, signal) =>
    report({ type: 'broken', error: `it ended with ${signal ?? `exit code ${code}`}` }),
  );
  // A pipe to a program that is gone breaks; its exit says so already.
  program.stdin.on('error', () => {});
  createInterface({ input: program.stdout }).on('line', onLine);
}

function obey(command: PublisherCommand): void {
  switch (command.type) {
    case 'begin':
      begin(command.program);
      return;
    case 'updates':
      for (const update of command.updates) {
        intended.set(keyOf(update), update);
        schedule(update);
      }
      return;
    case 'close':
      scheduler.stop();
      program?.removeAllListeners('exit');
      program?.stdin.end();
      process.disconnect();
  }
}

process.on('disconnect', () => {
  scheduler.stop();
  program?.stdin.end();
});
process.on('SIGINT', () => {});
process.on('message', obey);
