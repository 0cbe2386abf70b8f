import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskSecrets } from './service-url.ts';

describe('a masked address', () => {
  test.each([
    ['postgres://u:p@127.0.0.1:1/db', 'postgres://u:***@127.0.0.1:1/db'],
    ['postgres://u:p@ssw0rd@127.0.0.1:1/db', 'postgres://u:***@127.0.0.1:1/db'],
    ['--postgres=postgres://u:p@h/db', '--postgres=postgres://u:***@h/db'],
    ['postgres://h/db?user=u&password=s3cret', 'postgres://h/db?user=u&password=***'],
    ['postgres://h/db?pass%77ord=s3cret&sslmode=require', 'postgres://h/db?password=***&sslmode=require'],
    ['postgres://u:12/34@h/db', 'postgres://***@h/db'],
    ['postgres://u:a/b@h/db?password=s3cret', 'postgres://***@h/db?***'],
    ['redis://:p@h:6379/0', 'redis://:***@h:6379/0'],
  ])('%s shows as %s', (text, shown) => {
    expect(maskSecrets(text)).toBe(shown);
  });

  test.each(['postgres://u@h:5432/db?sslmode=require', 'redis://localhost:6379', 'results', 'polling+cache=1s'])(
    'without a secret is as it was typed: %s',
    (text) => {
      expect(maskSecrets(text)).toBe(text);
    },
  );

  test('keeps any password to itself, also one that should have been escaped', () => {
    const awkward = fc.string({ unit: fc.constantFrom(...'ab1@:/?#[]%&=+ \\\'"é\n'), minLength: 1 });
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 1 }), awkward), (password) => {
        const shown = maskSecrets(`postgres://u:${password}@127.0.0.1:1/db`);
        expect(['postgres://u:***@127.0.0.1:1/db', 'postgres://***@127.0.0.1:1/db']).toContain(shown);
      }),
    );
  });
});
