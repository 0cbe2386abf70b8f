// A run's agents, for as long as the run needs them.
import os from 'node:os';
import { Crew } from '../agents/crew.ts';
import { openMeeting } from '../agents/meeting.ts';
import { findServeHost } from '../agents/serve-host.ts';
import type { Guard } from '../services/guard.ts';
import type { Executor } from '../swarm/executor.ts';
import { shardCode } from './agent.ts';
import type { CrewRequest } from './agent-request.ts';

/** Who runs the clients, and where the servers listen for them. */
export interface Placed {
  /** Absent: this machine. */
  readonly executor?: Executor;
  readonly serveHost: string;
}

const loopback = '127.0.0.1';

/** Calls `work` with the agents that were asked for, if any, and lets them go when it is done. */
export async function withCrew(
  request: CrewRequest | null,
  options: { readonly guard: Guard; readonly signal: AbortSignal; readonly say: (line: string) => void },
  work: (placed: Placed) => Promise<void>,
): Promise<void> {
  if (request === null) return work({ serveHost: loopback });
  const { count, place, serveAs } = request;
  const serveHost = serveAs === null ? loopback : await findServeHost(serveAs);
  const meeting = await openMeeting(place);
  try {
    const { version } = await shardCode(options.guard);
    const crew = await Crew.gather({ ...options, meeting, count, version, serveHost, host: os.hostname() });
    try {
      await work({ executor: crew, serveHost });
    } finally {
      await crew.close();
    }
  } finally {
    meeting.close();
  }
}
