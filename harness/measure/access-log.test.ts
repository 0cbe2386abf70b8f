import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countTokensLogged } from './access-log.ts';

test('a token in a log’s line is found as it is and as a URL spells it, once a line', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'freshet-log-'));
  const file = join(directory, 'access.log');
  const line = (url: string) => `127.0.0.1 - - [24/Nov/2026:18:00:00 +0000] "GET ${url} HTTP/1.1" 101 0 "-" "-"`;
  const urls = ['/ws?audience=0&token=a%20b', '/ws?audience=0', '/a b?token=a%20b', '/ws?token=a'];
  try {
    await writeFile(file, urls.map(line).join('\n'));
    expect(await countTokensLogged(file, 'a b')).toBe(2);
  } finally {
    await rm(directory, { recursive: true });
  }
});
