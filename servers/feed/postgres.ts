// Feed `postgres`: LISTEN on a connection of its own. When that is lost, it reconnects and reports a gap, because NOTIFY is
// not kept for those who were away (PostgreSQL manual, NOTIFY).
import pg from 'pg';
import type { AbsenceLog } from '../absence-log.ts';
import type { Report } from '../app.ts';
import { nowUs } from '../clock.ts';
import { notifyChannel } from '../protocol.ts';
import { serverApplicationName } from '../store.ts';
import { type Feed, type FeedHandlers, parseChange, reconnectDelayMs } from './feed.ts';

export class PostgresFeed implements Feed {
  readonly #postgresUrl: string;
  readonly #absences: AbsenceLog;
  readonly #report: Report;
  #client: pg.Client | null = null;
  #reconnecting: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(postgresUrl: string, absences: AbsenceLog, report: Report) {
    this.#postgresUrl = postgresUrl;
    this.#absences = absences;
    this.#report = report;
  }

  async start(handlers: FeedHandlers): Promise<void> {
    await this.#listen(handlers);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#reconnecting);
    await this.#client?.end();
  }

  async #listen(handlers: FeedHandlers): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#postgresUrl,
      application_name: serverApplicationName,
      connectionTimeoutMillis: 5_000,
      // Without it a connection that a firewall forgot would stay silent for ever.
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    client.on('error', (error) => this.#report(`the LISTEN connection to Postgres broke: ${error.message}`));
    client.on('notification', ({ payload }) => {
      const change = parseChange(payload ?? '');
      if (change === null) this.#report(`a NOTIFY that is no change was ignored: ${payload}`);
      else handlers.onChange(change);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${notifyChannel}`);
    } catch (error) {
      await client.end();
      throw error;
    }
    this.#client = client;
    this.#absences.back('listen', nowUs());
    client.once('end', () => {
      this.#absences.lost('listen', nowUs());
      this.#reconnect(handlers, 0);
    });
  }

  #reconnect(handlers: FeedHandlers, attempt: number): void {
    if (this.#stopped) return;
    this.#reconnecting = setTimeout(() => {
      this.#listen(handlers).then(
        () => handlers.onGap(),
        () => this.#reconnect(handlers, attempt + 1),
      );
    }, reconnectDelayMs(attempt));
  }
}
