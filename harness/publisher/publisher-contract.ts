// What the publisher is told and what it answers, over Node's IPC channel.
import type { PublishProgram } from '../contract/target.ts';
import type { Update } from '../plan/arrivals.ts';

export type PublisherCommand =
  /** How changes are committed: the target's own program, which takes commands on stdin. */
  | { readonly type: 'begin'; readonly program: PublishProgram }
  /** More changes to publish, each at its intended time. */
  | { readonly type: 'updates'; readonly updates: readonly Update[] }
  | { readonly type: 'close' };

/** One change that was committed. Times in µs of the monotonic clock. */
export interface Published extends Update {
  /** When its transaction was begun; minus `intendedUs` it is the publisher's lag. */
  readonly sentUs: number;
  readonly committedUs: number;
}

export type PublisherReport =
  | { readonly type: 'ready'; readonly pid: number }
  | { readonly type: 'published'; readonly published: Published }
  /** An attempt failed; it is tried again, its intended time stays. */
  | { readonly type: 'failed'; readonly error: string }
  /** The program that commits is gone. */
  | { readonly type: 'broken'; readonly error: string };
