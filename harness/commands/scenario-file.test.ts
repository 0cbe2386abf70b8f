// A scenario of one's own: what it changes, and what is said of what it may not hold.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spellThreshold } from '../contract/threshold.ts';
import { readRequest, scenarios } from './request.ts';
import { readScenarioFile } from './scenario-file.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'freshet-scenario-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function read(content: unknown, name = 'own.json') {
  const path = join(directory, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readScenarioFile(path, scenarios);
}

const wall = {
  name: 'wallboard',
  question: 'Does the wallboard need a push?',
  contenders: ['polling+cache=1s', 'websocket'],
  set: { clients: 40, duration: '3s', 'update-interval': '1s' },
  thresholds: ['websocket.freshnessUs.p99 < 250ms', 'db.queriesPerMinute < 600'],
};

describe('a scenario file', () => {
  it('is one of ours with other settings, contenders and limits', async () => {
    const own = await read(wall);
    const request = readRequest([], { values: {}, set: [], quick: false, own }, {});
    expect(request.scenarios).toEqual([own]);
    expect(
      request.trials.map(({ scenario, contender, clients, windowUs }) => [scenario, contender.name, clients, windowUs]),
    ).toEqual([
      ['wallboard', 'polling+cache=1s', 40, 3e6],
      ['wallboard', 'websocket', 40, 3e6],
    ]);
    expect(request.thresholds.map(spellThreshold)).toEqual(wall.thresholds);
  });

  it('may be a module, runs beside others by its name, and yields to flags', async () => {
    const own = await read(
      `export default ${JSON.stringify({ name: 'wallboard', set: { clients: '40' } })};`,
      'own.mjs',
    );
    const flags = { values: { clients: '7', contenders: 'sse' }, set: [], quick: false, own };
    const { trials, thresholds } = readRequest(['dashboard', 'wallboard'], flags, {});
    expect(trials.map(({ scenario, clients }) => [scenario, clients])).toEqual([
      ['dashboard', 7],
      ['wallboard', 7],
    ]);
    expect(thresholds).toEqual([]);
  });

  it('is refused with all that is wrong, each with its part and what was meant', async () => {
    const problems = await read({
      ...wall,
      name: 'dashboard',
      contenders: ['poling', 'sse'],
      set: { clints: 3, duration: '3' },
      columns: ['freshnes.p50'],
      thresholds: ['sse.freshnesUs.p99 < 250ms', 'websocket.staleShare < 5%'],
    }).catch((error) => error.problems);
    const path = join(directory, 'own.json');
    expect(problems).toEqual([
      `${path}: name: dashboard is one of Freshet's own; expected another`,
      expect.stringMatching(/: contenders: contender 'poling' begins with 'poling'.*did you mean 'polling'/),
      expect.stringMatching(/: columns: metric 'freshnes' is not known/),
      expect.stringMatching(/: thresholds: for sse: 'freshnesUs.p99 < 250ms': .*did you mean 'freshnessUs'/),
      expect.stringMatching(/: thresholds: 'websocket.staleShare < 5%': contender 'websocket' is not measured/),
      expect.stringMatching(/: set: dashboard has no setting 'clints'.*did you mean 'clients'/),
      expect.stringMatching(/: set: duration is '3'; expected a duration with its unit/),
    ]);
  });

  it.each([
    ['{', /cannot be read: .*; expected JSON, or a module/],
    [
      { ...wall, extends: 'reconect-storm' },
      /extends: 'reconect-storm' is not known; .*did you mean 'reconnect-storm'/,
    ],
    [{ ...wall, treshold: [] }, /the file: Unrecognized key: "treshold"/],
    [{ ...wall, set: { clients: true } }, /set.clients: expected a text or a number/],
    [{ ...wall, name: '../up' }, /name: expected small letters, digits and dashes/],
  ])('%j is refused', async (content, problem) => {
    await expect(read(content)).rejects.toMatchObject({ kind: 'input', message: expect.stringMatching(problem) });
  });
});
