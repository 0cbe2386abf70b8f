// What is said on one connection: pieces of bytes, and how it ends. The unit that can be replayed by its number.

export interface Conversation {
  /** Written one after the other. */
  readonly pieces: readonly Buffer[];
  /** Written when the rest has been answered, because what breaks the protocol costs the answers that are still on their way. */
  readonly last: Buffer;
  /** Time between two pieces: 0 for most, a few ms for a slow sender. */
  readonly pauseMs: number;
  /** Requests and frames in it: what `--inputs` counts. */
  readonly inputs: number;
  /** How we leave, if the server does not end it first: RST, FIN, or FIN before the answers. */
  readonly leaving: 'reset' | 'end' | 'half-close';
}
