import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { openGuard } from './guard.ts';
import { openNetworkLink } from './network-link.ts';

const reach = (host: string, within: readonly string[] = []) => {
  const probe = `require('net').connect({host:'${host}',port:9}).on('error',e=>{console.log(e.code);process.exit()});setTimeout(()=>{console.log('nothing');process.exit()},400)`;
  const [command = '', ...args] = [...within, process.execPath, '-e', probe];
  return execFileSync(command, args, { encoding: 'utf8' }).trim();
};

test('a link carries packets both ways until it is cut, when nobody is told; nothing is left of it', async () => {
  const guard = await openGuard();
  try {
    const link = await openNetworkLink(guard).catch(() => null);
    // An ordinary user may make none; a run then freezes sockets instead.
    if (link === null) return expect(process.getuid?.()).not.toBe(0);
    expect(reach(link.host, link.within)).toBe('ECONNREFUSED');
    expect(reach(link.peer)).toBe('ECONNREFUSED');
    await link.cut();
    expect(reach(link.peer)).toBe('nothing');
    await link.close();
    expect(execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' })).not.toContain(`f${guard.runId}`);
  } finally {
    await guard.close();
  }
});
