// Role `serve`: puts one transport, its feed, the store and the HTTP endpoint together.
import type { AbsenceLog } from './absence-log.ts';
import { serveAction } from './action-endpoint.ts';
import { Actions } from './actions.ts';
import { Admission } from './admission.ts';
import type { App, Report, Transport } from './app.ts';
import { openConnectionLog } from './connection-log.ts';
import type { Feed } from './feed/feed.ts';
import { LocalFeed } from './feed/local.ts';
import { PostgresFeed } from './feed/postgres.ts';
import { RedisFeed } from './feed/redis.ts';
import { createEndpoint } from './http.ts';
import { type Listening, listen } from './listening.ts';
import { LongPolling } from './long-polling.ts';
import { Metrics } from './metrics.ts';
import { Polling } from './polling.ts';
import type { ServerSettings } from './settings.ts';
import { ServerSentEvents } from './sse.ts';
import { Store } from './store.ts';
import { tokenCheckOf } from './token-check.ts';
import { WebSockets } from './websocket.ts';

const transports: Record<ServerSettings['transport'], new (app: App) => Transport> = {
  polling: Polling,
  'long-polling': LongPolling,
  sse: ServerSentEvents,
  websocket: WebSockets,
};

/** Resolves when it listens, to clients and to its feed; rejects when a service it needs cannot be reached. */
export async function startServer(settings: ServerSettings, report: Report): Promise<Listening> {
  const metrics = new Metrics();
  const store = new Store(settings, metrics, report);
  const logging = await openConnectionLog(settings, report);
  const log = logging?.log ?? null;
  const admission = new Admission(settings, tokenCheckOf(settings, store));
  const actions = settings.actions ? new Actions(store, metrics) : null;
  const app: App = { settings, metrics, store, admission, report, actions, log };
  const transport = new transports[settings.transport](app);
  const feed = transport.listener === null ? null : feedOf(settings, metrics.absences, report);
  await store.connect();
  if (feed !== null && transport.listener !== null) await feed.start(transport.listener);
  if (feed instanceof LocalFeed && actions !== null) actions.tell = (change) => feed.tell(change);
  const unwatch = metrics.watchEventLoop();
  const server = createEndpoint({
    metrics,
    report,
    limits: settings,
    tls: settings.tls,
    served: { transport, admission: app.admission, log },
    // A WebSocket's clients act where they listen.
    ...(actions !== null &&
      settings.transport !== 'websocket' && {
        onAction: (exchange) =>
          serveAction({ actions, admission, metrics, maxBytes: settings.maxMessageBytes }, exchange),
      }),
    tcpKeepAliveMs: settings.tcpKeepAliveMs,
    ...(feed instanceof LocalFeed && { onChange: (change) => feed.tell(change) }),
    ...(settings.heartbeatOnDemand && { onBeat: (rounds) => transport.beat?.(rounds) ?? Promise.resolve() }),
  });
  const close = async (): Promise<void> => {
    unwatch();
    await feed?.stop();
    await store.close();
    logging?.stop();
  };
  return listen(server, settings, { drain: () => transport.drain(), cut: () => transport.close(), close });
}

function feedOf(settings: ServerSettings, absences: AbsenceLog, report: Report): Feed {
  const { feed, redisUrl } = settings;
  if (feed === 'local') return new LocalFeed();
  if (feed === 'postgres') return new PostgresFeed(settings.postgresUrl, absences, report);
  if (redisUrl === null) throw new Error('feed "redis" needs redisUrl');
  return new RedisFeed({ ...settings, redisUrl }, absences, report);
}
