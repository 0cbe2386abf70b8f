// Every input that ever went wrong, kept as a file: what it was, what it provoked; replayed by the tests.
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { readerSubjects, serverSubjects } from './subjects.ts';

const directory = new URL('corpus/', import.meta.url);

const entry = z.strictObject({
  subject: z.enum([...readerSubjects.map(({ name }) => name), ...serverSubjects]),
  /** What it once provoked. */
  provoked: z.string(),
  /** Its bytes in Latin-1; a piece with `repeat` stands for so many copies of its text. For a server each piece is one write. */
  pieces: z.array(z.strictObject({ text: z.string(), repeat: z.number().int().positive().default(1) })),
  /** Of a reader: the sizes of the pieces it came in. */
  cutting: z.array(z.number().int().positive()).default([1]),
});

export interface CorpusEntry {
  readonly name: string;
  readonly subject: string;
  readonly provoked: string;
  readonly pieces: readonly Buffer[];
  readonly cutting: readonly number[];
}

export function readCorpus(): CorpusEntry[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const { pieces, ...rest } = entry.parse(JSON.parse(readFileSync(new URL(name, directory), 'utf8')));
      return { ...rest, name, pieces: pieces.map(({ text, repeat }) => Buffer.from(text.repeat(repeat), 'latin1')) };
    });
}
