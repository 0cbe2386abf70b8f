// Who watches which dashboard, and what they were sent: takes what the feed tells and hands each new version to the transport
// once, with the clients it concerns. A client joins before its snapshot is asked for, so no change can fall between the two.
import type { App } from './app.ts';
import type { FeedHandlers } from './feed/feed.ts';
import { type Dashboard, Message, type MessageType } from './message.ts';
import type { Change } from './protocol.ts';
import { Refresher } from './refresher.ts';
import type { QueryFailure } from './store.ts';

/** A connected client, or a long-poll that waits. */
export interface Subscriber {
  audience: number;
  /** The newest version it holds, −1 for none: it is never sent that one again, nor an older one. */
  version: number;
}

interface Audience<Client> {
  readonly clients: Set<Client>;
  /** The newest message known, from a change or from a snapshot. */
  newest: Message | null;
  /** The newest version that was broadcast. */
  sentVersion: number;
  /** The oldest snapshot that was handed out before the first broadcast, −1 when there was none. */
  firstVersion: number;
  /** The latest broadcasts, of consecutive versions. */
  history: Message[];
  loading: Promise<Message | QueryFailure> | null;
}

/** Called once for each new version; it skips clients that hold it already. A `snapshot` stands for versions that nobody was told of. */
type Broadcast<Client> = (message: Message, clients: Set<Client>, type: MessageType) => void;

export class Hub<Client extends Subscriber> implements FeedHandlers {
  readonly #app: App;
  readonly #broadcast: Broadcast<Client>;
  readonly #audiences = new Map<number, Audience<Client>>();
  readonly #refresher: Refresher;

  constructor(app: App, broadcast: Broadcast<Client>) {
    this.#app = app;
    this.#broadcast = broadcast;
    this.#refresher = new Refresher({
      store: app.store,
      audiences: app.settings.audiences,
      isWanted: (audience) => (this.#audiences.get(audience)?.clients.size ?? 0) > 0,
      deliveredVersion: (audience) => heldByAll(this.#audiences.get(audience)),
      deliver: (dashboard, cause) => this.#deliver(this.#messageOf(dashboard), cause === 'resync'),
    });
  }

  onChange(change: Change): void {
    this.#refresher.announce(change);
  }

  onMessage(message: Message, type: MessageType): void {
    if (message.dashboard.audience < this.#app.settings.audiences) this.#deliver(message, type === 'snapshot');
  }

  onGap(): void {
    if (this.#app.settings.resync) void this.#refresher.resync();
  }

  join(client: Client): void {
    this.#audienceOf(client.audience).clients.add(client);
  }

  /** False when it had not joined, or had left already. */
  leave(client: Client): boolean {
    return this.#audienceOf(client.audience).clients.delete(client);
  }

  *clients(): Iterable<Client> {
    for (const audience of this.#audiences.values()) yield* audience.clients;
  }

  /** The newest message in memory, unless it is known to be outdated. */
  current(id: number): Message | null {
    const newest = this.#audiences.get(id)?.newest ?? null;
    return newest === null || this.#refresher.isOutdated(id, newest.version) ? null : newest;
  }

  /** What a client gets on connecting: by a query of its own or from memory, as the settings say. */
  async snapshot(id: number): Promise<Message | QueryFailure> {
    return this.#app.settings.snapshot === 'query' ? this.#query(id) : (this.current(id) ?? this.load(id));
  }

  /** The state by one query that all who ask meanwhile share. */
  async load(id: number): Promise<Message | QueryFailure> {
    const audience = this.#audienceOf(id);
    audience.loading ??= this.#query(id).finally(() => {
      audience.loading = null;
    });
    return audience.loading;
  }

  /** The messages that someone who holds `version` has missed, or `null` when memory cannot tell. */
  missedSince(id: number, version: number): Message[] | null {
    const newest = this.current(id);
    if (newest === null || version > newest.version) return null;
    if (version === newest.version) return [];
    const { history } = this.#audienceOf(id);
    const reaches = version >= (history[0]?.version ?? Number.POSITIVE_INFINITY) - 1;
    return reaches && history.at(-1)?.version === newest.version ? history.filter((m) => m.version > version) : null;
  }

  stop(): void {
    this.#refresher.stop();
  }

  async #query(id: number): Promise<Message | QueryFailure> {
    const dashboard = await this.#app.store.snapshot(id);
    if (typeof dashboard === 'string') return dashboard;
    const audience = this.#audienceOf(id);
    audience.firstVersion =
      audience.firstVersion === -1 ? dashboard.version : Math.min(audience.firstVersion, dashboard.version);
    if (audience.newest === null || dashboard.version > audience.newest.version)
      audience.newest = this.#messageOf(dashboard);
    return audience.newest;
  }

  #deliver(message: Message, mayLeap: boolean): true {
    const audience = this.#audienceOf(message.dashboard.audience);
    if (message.version <= audience.sentVersion) return true;
    const type = mayLeap && message.version > heldByAll(audience) + 1 ? 'snapshot' : 'update';
    audience.sentVersion = message.version;
    if (audience.newest === null || message.version >= audience.newest.version) audience.newest = message;
    this.#remember(audience, message);
    this.#broadcast(message, audience.clients, type);
    return true;
  }

  /** A hole would make a resumed stream skip a version, so history begins anew after one. */
  #remember(audience: Audience<Client>, message: Message): void {
    const { replay } = this.#app.settings;
    if (audience.history.at(-1)?.version !== message.version - 1) audience.history = [];
    audience.history.push(message);
    if (audience.history.length > replay) audience.history.shift();
  }

  #messageOf(dashboard: Dashboard): Message {
    return new Message(dashboard, this.#app.settings.payloadBytes);
  }

  #audienceOf(id: number): Audience<Client> {
    let audience = this.#audiences.get(id);
    if (audience === undefined) {
      audience = { clients: new Set(), newest: null, sentVersion: -1, firstVersion: -1, history: [], loading: null };
      this.#audiences.set(id, audience);
    }
    return audience;
  }
}

/** A version that no client of it lacks, −1 when unknown. */
function heldByAll(audience: Audience<unknown> | undefined): number {
  if (audience === undefined) return -1;
  return audience.sentVersion === -1 ? audience.firstVersion : audience.sentVersion;
}
