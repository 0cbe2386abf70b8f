// Run by the watchdog (as a bundle, under node) when a run ended without dropping its database.
// In: on stdin, JSON with the administrator's URL and the names.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { dropDatabase } from './drop-database.ts';

const task = z.object({
  url: z.string(),
  names: z.object({ database: z.string(), roles: z.tuple([z.string(), z.string()]) }),
});

const { url, names } = task.parse(JSON.parse(readFileSync(0, 'utf8')));
void dropDatabase(url, names);
