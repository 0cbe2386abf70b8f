// Connections that the server ended because their client was silent, slow or unreachable: when, why, and when each was last heard.

/** Why a server gives a client up by itself: no answer to a heartbeat, a full buffer, or TCP's own verdict. */
export const lossReasons = ['heartbeat', 'slow', 'unreachable'] as const;
export type LossReason = (typeof lossReasons)[number];

export interface LossEntry {
  readonly reason: LossReason;
  /** Both in µs of the monotonic clock. */
  readonly atUs: number;
  readonly heardUs: number;
}

/** Beyond this only the counter by reason goes on. */
const mostEntries = 10_000;

export class LossLog {
  readonly entries: LossEntry[] = [];

  note(entry: LossEntry): void {
    if (this.entries.length < mostEntries) this.entries.push(entry);
  }
}

/** TCP's verdict on a socket's end: `true` where its retransmissions, or its keep-alive probes, found nobody. */
export function isUnreachable(error: Error | null | undefined): boolean {
  const code = error && 'code' in error ? error.code : null;
  return code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH';
}
