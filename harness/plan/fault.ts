// A fault, as data: what is done to the system, when, and for how long.

export const faultKinds = ['kill', 'cut', 'drain', 'stall', 'half-open'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What each does, in words. */
export const faultMeanings: Readonly<Record<FaultKind, string>> = {
  kill: 'server killed',
  cut: 'all connections reset',
  drain: 'server drained and restarted',
  stall: 'server stopped, then continued',
  'half-open': 'all clients vanished without a FIN',
};

export interface FaultPlan {
  readonly kind: FaultKind;
  /** After the window's start. */
  readonly atUs: number;
  /** How long the server is away, for those faults that take it away. */
  readonly downUs: number;
}

/** Whether it replaces the server processes by new ones. */
export function restartsServers(kind: FaultKind): boolean {
  return kind === 'kill' || kind === 'drain';
}
