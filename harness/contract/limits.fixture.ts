// For tests: the limits of a common machine, Debian on two cores.
import type { Limits } from './limits.ts';

export const debian: Limits = {
  openFiles: 20_000,
  outgoingPorts: { first: 32_768, last: 60_999 },
  hasManySources: true,
  reusesPorts: true,
  listenBacklog: 4_096,
  trackedConnections: null,
  cores: 2,
  memoryAvailableBytes: 16e9,
};
