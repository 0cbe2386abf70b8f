// The address that the servers of a run listen on and are called by, where agents elsewhere must reach them.
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { FreshetError } from '../contract/errors.ts';

/** The IPv4 address of this machine that `name` means. Throws `environment` when it means none. */
export async function findServeHost(name: string): Promise<string> {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const ownAddresses = own.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
  const found = await lookup(name, { family: 4, all: true }).catch(() => []);
  const address = found.map((each) => each.address).find((each) => ownAddresses.includes(each));
  if (address !== undefined) return address;
  const means = found.length === 0 ? 'no IPv4 address' : found.map((each) => each.address).join(', ');
  throw new FreshetError(
    'environment',
    `--serve-as ${name} means ${means}; expected an address of this machine, by which agents reach it: ${ownAddresses.join(', ')}`,
  );
}
