// One client of each library, used as its documentation shows, each with its own default headers.
import { EventSource } from 'eventsource';
import { Agent, Client, fetch, EventSource as UndiciEventSource, WebSocket as UndiciWebSocket } from 'undici';
import { WebSocket } from 'ws';
import type { Decoded } from '../../harness/contract/target.ts';
import { decodeMessage } from '../../harness/targets/reference.ts';
import { messagePrefix, paths } from '../../servers/protocol.ts';
import type { ClientName } from './contract.ts';
import type { LibraryClient, LibraryClientMaker, Screen } from './library-population.ts';

const decoded: Decoded = { kind: 'other', version: 0, intendedUs: 0 };
const updateOrSnapshot = new RegExp(
  `^(?:${messagePrefix.snapshot}|${messagePrefix.update})(\\d+)${messagePrefix.intendedUs}(\\d+)`.replaceAll(
    '{',
    '\\{',
  ),
);

function showText(screen: Screen, text: string): void {
  // Version and stamp stand first: cheaper than JSON.parse of the whole, as in our own decoder.
  const match = updateOrSnapshot.exec(text);
  if (match === null) throw new Error(`a message without a version: ${text.slice(0, 80)}`);
  screen.show(Number(match[1]), Number(match[2]));
}

function showBytes(screen: Screen, bytes: Buffer): void {
  decodeMessage(bytes, 0, bytes.length, decoded);
  screen.show(decoded.version, decoded.intendedUs);
}

const openWs: LibraryClientMaker = (origin, screen) => {
  let socket: WebSocket;
  return {
    open: () => {
      socket = new WebSocket(`ws://${origin}${paths.websocket}?audience=0`, { perMessageDeflate: false });
      socket.on('message', (data: Buffer) => showBytes(screen, data));
      socket.on('error', fail);
    },
    close: () => socket.terminate(),
  };
};

const openUndiciWebSocket: LibraryClientMaker = (origin, screen) => {
  let socket: UndiciWebSocket;
  return {
    open: () => {
      socket = new UndiciWebSocket(`ws://${origin}${paths.websocket}?audience=0`);
      socket.onmessage = ({ data }) => showText(screen, data as string);
      socket.onerror = ({ error }) => fail(error);
    },
    close: () => socket.close(),
  };
};

/** Without limits for streams that are silent or late. */
const patience = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 600_000, keepAliveMaxTimeout: 600_000 };

const agent = new Agent(patience);

const openUndiciEventSource: LibraryClientMaker = (origin, screen) => {
  let source: UndiciEventSource;
  return {
    open: () => {
      source = new UndiciEventSource(`http://${origin}${paths.events}?audience=0`, { node: { dispatcher: agent } });
      source.onmessage = ({ data }) => showText(screen, data as string);
      source.onerror = ({ error }) => fail(error);
    },
    close: () => source.close(),
  };
};

const openEventSource: LibraryClientMaker = (origin, screen) => {
  let source: EventSource;
  return {
    open: () => {
      source = new EventSource(`http://${origin}${paths.events}?audience=0`);
      source.onmessage = ({ data }) => showText(screen, data as string);
      source.onerror = ({ message }) => fail(message);
    },
    close: () => source.close(),
  };
};

type Get = (client: Client, origin: string, path: string) => Promise<string>;

const getByClient: Get = async (client, _origin, path) => {
  const { body } = await client.request({ method: 'GET', path });
  return body.text();
};

const getByFetch: Get = async (dispatcher, origin, path) => {
  const response = await fetch(`http://${origin}${path}`, { dispatcher });
  return response.text();
};

/** A connection of its own for each client, as each of ours has. */
class HttpLibraryClient implements LibraryClient {
  readonly #origin: string;
  readonly #screen: Screen;
  readonly #get: Get;
  readonly #isLong: boolean;
  #client: Client | null = null;

  constructor(origin: string, screen: Screen, { get, isLong }: { get: Get; isLong: boolean }) {
    this.#origin = origin;
    this.#screen = screen;
    this.#get = get;
    this.#isLong = isLong;
  }

  open(): void {
    this.#client = new Client(`http://${this.#origin}`, patience);
    if (this.#isLong) void this.#ask();
  }

  async poll(): Promise<void> {
    if (!this.#isLong) await this.#request(`${paths.dashboard}?audience=0`);
  }

  close(): void {
    const client = this.#client;
    this.#client = null;
    void client?.destroy();
  }

  async #ask(): Promise<void> {
    while (this.#client !== null) {
      const { held } = this.#screen;
      await this.#request(`${paths.dashboard}?audience=0${held === null ? '' : `&after=${held}`}`);
    }
  }

  async #request(path: string): Promise<void> {
    const client = this.#client;
    if (client === null) return;
    try {
      const text = await this.#get(client, this.#origin, path);
      // 204: held too long without a change.
      if (text !== '') showText(this.#screen, text);
    } catch (error) {
      if (this.#client !== null) fail(error);
    }
  }
}

const httpClient =
  (get: Get, isLong: boolean): LibraryClientMaker =>
  (origin, screen) =>
    new HttpLibraryClient(origin, screen, { get, isLong });

let onFailure: (problem: string) => void = () => {};

/** Told of a client that broke: its figures would be those of something else. */
export function watchLibraries(listener: (problem: string) => void): void {
  onFailure = listener;
}

function fail(problem: unknown): void {
  onFailure(problem instanceof Error ? problem.message : String(problem));
}

/** How a library's client is made; our own is no library. */
export function libraryClient(client: Exclude<ClientName, 'freshet'>, isLong: boolean): LibraryClientMaker {
  const makers: Readonly<Record<Exclude<ClientName, 'freshet'>, LibraryClientMaker>> = {
    ws: openWs,
    'undici WebSocket': openUndiciWebSocket,
    'undici EventSource': openUndiciEventSource,
    eventsource: openEventSource,
    'undici Client': httpClient(getByClient, isLong),
    'undici fetch': httpClient(getByFetch, isLong),
  };
  return makers[client];
}
