// Faults that take a service away, as data: which one, and how it ends.

export interface ServiceFault {
  /** What it does, in words. */
  readonly meaning: string;
  readonly service: 'postgres' | 'redis';
  readonly how: 'cleanly' | 'abruptly';
}

export const serviceFaults = {
  'redis-kill': { meaning: 'Redis killed', service: 'redis', how: 'abruptly' },
  'postgres-fast': { meaning: 'Postgres shut down (fast)', service: 'postgres', how: 'cleanly' },
  // What its administrator does when fast takes too long: it leaves as in a crash, and recovers when it starts.
  'postgres-immediate': { meaning: 'Postgres shut down (immediate)', service: 'postgres', how: 'abruptly' },
} as const satisfies Readonly<Record<string, ServiceFault>>;

export type ServiceFaultKind = keyof typeof serviceFaults;

/** The fault of this name that takes a service away; `null` for one that leaves them alone. */
export function serviceFaultOf(kind: string): ServiceFault | null {
  return Object.hasOwn(serviceFaults, kind) ? serviceFaults[kind as ServiceFaultKind] : null;
}
