// What the harness must know of somebody's own server beyond how to speak to it.
export interface ForeignSubject {
  /** How reports call it. */
  readonly name: string;
  readonly url: string;
  /** Whether changes are published by us, or made by the server itself. */
  readonly changes: 'ours' | 'theirs';
  /** Whether its messages yield versions. */
  readonly tellsVersions: boolean;
}
