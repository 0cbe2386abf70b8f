// What the generator sees of its clients, ours or a library's: they connect, hold versions, and have recorded what they received.
import type { Histogram } from '../../harness/contract/histogram.ts';
import type { Update } from '../../harness/plan/arrivals.ts';

export interface Population {
  /** Lets the code run warm: opens and closes some clients that do not count. */
  rehearse(): Promise<void>;
  /** Begins to open all clients. */
  connect(): void;
  /** Clients that hold a version. */
  readonly holding: number;
  /** These will be published. */
  expect(updates: readonly Update[]): void;
  /** Whether all clients hold the newest version that is expected. */
  readonly isCaughtUp: boolean;
  /** Counts polls that are due from `startUs` to `endUs`. */
  openWindow(startUs: number, endUs: number): void;
  /** Updates received and recorded, or the window's polls. */
  take(): { readonly count: number; readonly histogram: Histogram };
}
