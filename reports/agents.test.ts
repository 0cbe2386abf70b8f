// A run whose clients ran on agents → reports name them, and say of no such run that all was on one machine.
import { expect, it } from 'vitest';
import { buildRecord } from './fixtures/record.ts';
import { renderEnvironment } from './page/environment.ts';
import { readRun } from './run.ts';
import { renderTerminal } from './terminal.ts';
import { notMeasuredIn } from './verdict/not-measured.ts';

it('names the agents with what they ran, and where the servers were', () => {
  const record = buildRecord({ contenders: ['sse'] });
  const agent = (name: string, host: string, clients: number) => {
    const own = { name, host, cores: 4, version: '0.1.0+abc', clients };
    return { ...own, cpuShare: 0.1, errorUs: null, lost: null, clock: null };
  };
  for (const trial of record.trials)
    trial.agents = [agent('a', 'm1', 300), agent('b', 'm1', 100), agent('c', 'm2', 100)];
  const run = readRun(record);
  const text = renderTerminal(run, { color: false, width: 200 });
  expect(text).toContain('clients on 3 agents of 2 machines · servers on one machine (2 cores)');
  expect(text).not.toContain('clients and servers on one machine');
  expect(renderEnvironment(run)).toContain('a on m1, 4 cores, 300 clients, Freshet 0.1.0+abc');
  expect(notMeasuredIn(run).join()).toMatch(
    /^networks with delay and loss, but for what lies between agents and servers/,
  );
  expect(notMeasuredIn(readRun(buildRecord())).join()).toMatch(/everything ran over loopback/);
});
