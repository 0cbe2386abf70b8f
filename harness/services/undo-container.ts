// Run by the watchdog (as a bundle, under node) when a run ended without removing its container. In: on stdin, JSON with Docker's socket and
// the container's name. Out: no such container, though its creation may have been under way.
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { z } from 'zod';

const task = z.object({ socketPath: z.string(), name: z.string() });

const notFound = 404;
/** A request that was sent before the end may still be carried out. */
const looks = 5;
const betweenLooksMs = 200;

const { socketPath, name } = task.parse(JSON.parse(readFileSync(0, 'utf8')));

/** Resolves with Docker's status, or `null` when it does not answer. */
function remove(): Promise<number | null> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, method: 'DELETE', path: `/containers/${name}?force=1&v=1` }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? null));
    });
    asked.once('error', () => resolve(null));
    asked.end();
  });
}

async function undo(): Promise<void> {
  for (let look = 1; look <= looks; look++) {
    const status = await remove();
    if (status !== notFound && status !== 409) return;
    await new Promise((resolve) => setTimeout(resolve, betweenLooksMs));
  }
}

void undo();
