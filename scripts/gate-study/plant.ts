// `plant NAME DIR`: a copy of the servers with one regression in it, as a version for the gate. The regressions, as data.
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FreshetError, messageOf } from '../../harness/contract/errors.ts';

interface Plant {
  readonly file: string;
  /** What stands there, and what is put in its place. */
  readonly edits: readonly (readonly [string, string])[];
}

const plants: Readonly<Record<string, Plant>> = {
  'serialised-per-client': {
    file: 'servers/message.ts',
    edits: [
      ['this.#json[type] ??= encodeMessage', 'this.#json[type] = encodeMessage'],
      ['this.#framed[type] ??= frame', 'this.#framed[type] = frame'],
    ],
  },
  'two-queries-per-poll': {
    file: 'servers/store.ts',
    edits: [
      [
        '    const rows = await this.#query<SnapshotRow>(',
        '    await this.#query<SnapshotRow>(snapshotQuery(audience, this.#queryCostSeconds));\n    const rows = await this.#query<SnapshotRow>(',
      ],
    ],
  },
  'broadcast-20-percent-dearer': {
    file: 'servers/hub.ts',
    edits: [
      [
        'this.#broadcast = broadcast;',
        `this.#broadcast = (message, clients) => {
      const used = process.cpuUsage();
      broadcast(message, clients);
      const { user, system } = process.cpuUsage(used);
      const spun = process.cpuUsage();
      for (let own = 0; own < 0.2 * (user + system); ) {
        const { user: more, system: beside } = process.cpuUsage(spun);
        own = more + beside;
      }
    };`,
      ],
    ],
  },
  'snapshot-30ms-slower': {
    file: 'servers/store.ts',
    edits: [['settings.queryCostMs / 1000', '(settings.queryCostMs + 30) / 1000']],
  },
};

export async function plantRegression([name = '', directory = '']: readonly string[]): Promise<void> {
  const plant = plants[name];
  if (plant === undefined || directory === '')
    throw new FreshetError('input', `expected plant NAME DIR, with a name of ${Object.keys(plants).join(', ')}`);
  try {
    for (const part of ['servers', 'package.json', 'package-lock.json'])
      await cp(part, join(directory, part), { recursive: true, errorOnExist: true, force: false });
    await symlink(resolve('node_modules'), join(directory, 'node_modules'));
  } catch (error) {
    throw new FreshetError(
      'environment',
      `cannot copy the servers: ${messageOf(error)}; expected a directory that is not there yet`,
    );
  }
  const file = join(directory, plant.file);
  let text = await readFile(file, 'utf8');
  for (const [from, to] of plant.edits) {
    if (!text.includes(from)) throw new FreshetError('bug', `${plant.file} holds no '${from}' any more; mend ${name}`);
    text = text.replace(from, to);
  }
  await writeFile(file, text);
}
