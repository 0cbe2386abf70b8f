import { expect, test } from 'vitest';
import { checkTarget } from './agent-shard.ts';

const addresses = [{ host: '127.0.0.1', port: 8_080 }];

test('an agent puts load on reference servers alone, on hosts that it allows', () => {
  checkTarget({ kind: 'reference', addresses }, []);
  const afar = { kind: 'reference', addresses: [...addresses, { host: '10.1.2.3', port: 80 }] };
  checkTarget(afar, ['10.1.2.3']);
  expect(() => checkTarget(afar, ['10.1.2.4'])).toThrow('puts no load on 10.1.2.3; expected --allow-host of it');
});

test.each([
  ['code from a file', { kind: 'foreign', bundle: '/tmp/any.js', addresses }],
  ['no kind', { addresses }],
  ['no address', { kind: 'reference', addresses: [] }],
  ['an address that is none', { kind: 'reference', addresses: [{ host: 1, port: 2 }] }],
  ['nothing', undefined],
])('an agent refuses %s', (_, target) => {
  expect(() => checkTarget(target, [])).toThrow('runs clients of the reference servers alone');
});
