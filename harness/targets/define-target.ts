// What a target file says of somebody's own server: how to reach it, what its messages mean, how a change is made, how it can be hurt.
// A file exports one as its default; docs/your-own-server.md shows some. It is bundled for the shards, so it may import what it likes.

/** One virtual client. */
export interface TargetClient {
  /** Its number, from 0. */
  readonly client: number;
  /** Which of the dashboards it watches, from 0. */
  readonly audience: number;
}

/** A change to be made now. */
export interface TargetChange {
  readonly audience: number;
  /** What the server is to tell its clients: larger than any before it, up to 2^53. */
  readonly version: number;
  /** When it should have been made, had nothing been late. */
  readonly intendedAt: Date;
  /** Of the server that is measured: the file's own, or what a gate has put in its place. */
  readonly url: string;
}

/** What a message tells; a message that tells nothing gives `null`. */
export interface Told {
  /** The version it brings the client to: that of the change, or any number that grows where the server makes its own. 0: a session is ready. */
  readonly version?: number;
  /** When the server made that change, where it makes its own; a number is ms of the calendar's clock. */
  readonly changedAt?: Date | number;
  /** websocket: what to answer, such as a pong. */
  readonly reply?: string;
}

/** Commands for a shell. */
export interface TargetFaults {
  /** Ends the server at once: `docker kill api`. */
  readonly kill?: string;
  /** Asks it to end: `docker stop api`. */
  readonly drain?: string;
  /** Brings it back after either: `docker start api`. */
  readonly start?: string;
  /** In place of the three, ends it and brings it back, which takes as long as it takes: `docker restart api`. */
  readonly restart?: string;
  /** Freezes it: `docker pause api`. */
  readonly stall?: string;
  /** Goes on: `docker unpause api`. */
  readonly resume?: string;
}

/** In texts, `{client}` and `{audience}` are the client's, and `{held}` the version it has; a header with one that it lacks is left out. */
export interface TargetDefinition {
  /** How reports call it; by default the file's name. */
  readonly name?: string;
  readonly transport: 'polling' | 'long-polling' | 'sse' | 'websocket';
  /** http, https, ws or wss. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | ((client: TargetClient) => Readonly<Record<string, string>>);
  /** polling, long-polling, sse: what to POST; without it, a GET. */
  readonly body?: string;
  /** websocket: the subprotocol to ask for. */
  readonly subprotocol?: string;
  /** websocket: what to send on connecting. */
  readonly onOpen?: string | readonly string[] | ((client: TargetClient) => string | readonly string[]);
  /** What a message tells. Without it freshness cannot be measured; arrivals, bytes, gaps and connects are. */
  readonly decode?: (message: string) => Told | null | undefined;
  /** Whether whoever connects is told the state (true), or hears of the next change only. */
  readonly snapshot?: boolean;
  /** Makes a change: a function (of an answer to fetch that it gives back, the status is looked at), or a command that finds FRESHET_VERSION, FRESHET_AUDIENCE, FRESHET_INTENDED_AT and FRESHET_URL. Without it the server makes its own. */
  readonly publish?: string | ((change: TargetChange) => unknown);
  /** Starts the server, in the file's directory, and ends it afterwards; without it the server runs already. */
  readonly run?: string;
  /** Of the server process on this machine, or a command that prints it. */
  readonly pid?: number | string;
  /** Its Prometheus endpoint. */
  readonly metrics?: string;
  /** The role with which it queries the Postgres of `--postgres`. */
  readonly role?: string;
  /** A file with the certificate that vouches for it, where no public authority does. */
  readonly ca?: string;
  readonly faults?: TargetFaults;
}

/** Gives back what it gets; an editor then knows what may stand in it. */
export function defineTarget(definition: TargetDefinition): TargetDefinition {
  return definition;
}
