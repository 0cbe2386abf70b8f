import { expect, test } from 'vitest';
import { sumQueues } from './tcp-queues.ts';

// As in proc(5): local and remote address, state, tx_queue:rx_queue; 0x1F90 is port 8080, 020012C6 is 198.18.0.2.
const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 010012C6:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 010012C6:1F90 020012C6:C001 01 00000800:00000000 01:00000010 00000003     0        0 2 2
   2: 010012C6:1F90 010012C6:C002 01 00000010:00000000 00:00000000 00000000     0        0 3 2
   3: 010012C6:1F90 020012C6:C003 04 00100000:00000000 01:00000010 00000003     0        0 0 2
   4: 0100007F:1F91 020012C6:C004 01 00000400:00000000 00:00000000 00000000     0        0 4 2
`;

test('adds up what a port’s open connections have written and nobody acknowledged, of one peer or of all', () => {
  expect(sumQueues(text, { ports: [8080], peer: '198.18.0.2' })).toBe(0x800);
  expect(sumQueues(text, { ports: [8080], peer: null })).toBe(0x810);
  expect(sumQueues(text, { ports: [8080, 8081], peer: '198.18.0.2' })).toBe(0xc00);
});
