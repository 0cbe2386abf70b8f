// A seeded slice of `npm run fuzz`, and all inputs that ever went wrong.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCorpus } from './corpus.ts';
import { fuzzReader } from './readers/fuzz-reader.ts';
import { findFault } from './readers/reader-subject.ts';
import { fuzzServer } from './servers/fuzz-server.ts';
import { FuzzedSystem } from './servers/fuzzed-system.ts';
import { replay } from './servers/replay.ts';
import { Rig } from './servers/rig.ts';
import { readerSubjects, serverSubjects } from './subjects.ts';

const seed = 1;
const corpus = readCorpus();

describe.each(readerSubjects)('the reader $name', (subject) => {
  test('takes random and damaged inputs without a throw, alike however they are cut, in flat memory', async () => {
    const { inputs, fault } = await fuzzReader(subject, {
      seed,
      inputs: 5_000,
      replayCommand: (index) => `input ${index}`,
    });
    expect(fault).toBeNull();
    expect(inputs).toBe(5_000);
  });

  test.each(corpus.filter((entry) => entry.subject === subject.name))('takes $name', ({ pieces, cutting }) => {
    expect(findFault(subject, Buffer.concat(pieces), cutting)).toBeNull();
  });
});

describe('the server of', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await Rig.open();
  });
  afterAll(() => rig.close());

  // Side by side: most of their time is waiting.
  test.concurrent.each(serverSubjects)(
    '%s outlives them, serves others meanwhile, and keeps nothing of them',
    async (transport) => {
      const system = await FuzzedSystem.start(rig, transport);
      try {
        for (const { name, subject, pieces } of corpus) {
          if (subject !== transport) continue;
          await replay(system, pieces);
          expect(system.ended, name).toBeNull();
          expect((await system.takeStock()).connections, name).toBeLessThanOrEqual(1);
        }
        const { faults, inputs, counts, healthChecks } = await fuzzServer(system, {
          seed,
          numbers: null,
          inputs: 1_500,
        });
        expect(faults).toEqual([]);
        expect(inputs).toBeGreaterThanOrEqual(1_500);
        expect(counts.get('404')).toBeGreaterThan(0);
        expect(healthChecks).toBeGreaterThan(2);
      } finally {
        await system.close();
      }
    },
  );
});
