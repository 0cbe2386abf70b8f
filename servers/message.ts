// From the state of a dashboard to the bytes that clients get: built once per change, whatever the number of clients.
import { type DashboardMessage, type DashboardTile, messagePrefix } from './protocol.ts';

/** One dashboard at one version, as Postgres answered. */
export interface Dashboard {
  audience: number;
  version: number;
  intendedUs: number;
  tiles: DashboardTile[];
}

export type MessageType = DashboardMessage['type'];

/** Wraps a message's JSON in what its transport puts around it. */
export type Frame = (json: string, version: number) => Buffer;

/** A dashboard and its encoded forms, each made when first asked for. A process has one transport, so one frame. */
export class Message {
  readonly dashboard: Dashboard;
  readonly #payloadBytes: number;
  readonly #json: Record<MessageType, string | null>;
  readonly #framed: Record<MessageType, Buffer | null> = { snapshot: null, update: null };

  /** `ready` is its text of one type where that came ready-made, from Redis. */
  constructor(dashboard: Dashboard, payloadBytes: number, ready: { type: MessageType; json: string } | null = null) {
    this.dashboard = dashboard;
    this.#payloadBytes = payloadBytes;
    this.#json = { snapshot: null, update: null };
    if (ready !== null) this.#json[ready.type] = ready.json;
  }

  get version(): number {
    return this.dashboard.version;
  }

  json(type: MessageType): string {
    this.#json[type] ??= encodeMessage(type, this.dashboard, this.#payloadBytes);
    return this.#json[type];
  }

  framed(type: MessageType, frame: Frame): Buffer {
    this.#framed[type] ??= frame(this.json(type), this.version);
    return this.#framed[type];
  }
}

/** The JSON of a message, padded to `payloadBytes`; longer when the tiles alone exceed that. */
export function encodeMessage(type: MessageType, dashboard: Dashboard, payloadBytes: number): string {
  const { version, intendedUs, audience, tiles } = dashboard;
  const head = `${messagePrefix[type]}${version}${messagePrefix.intendedUs}${intendedUs}`;
  const body = `${head},"audience":${audience},"tiles":${JSON.stringify(tiles)},"padding":"`;
  const missingBytes = payloadBytes - Buffer.byteLength(body) - '"}'.length;
  return `${body}${'x'.repeat(Math.max(0, missingBytes))}"}`;
}

/** Reads a message that the relay published; `null` when it is none. */
export function parseMessage(json: string, payloadBytes: number): { message: Message; type: MessageType } | null {
  const type = json.startsWith(messagePrefix.update) ? 'update' : 'snapshot';
  if (!json.startsWith(messagePrefix[type])) return null;
  try {
    const { audience, version, intendedUs, tiles } = JSON.parse(json) as DashboardMessage;
    if (!Number.isInteger(audience) || !Number.isInteger(version)) return null;
    return { message: new Message({ audience, version, intendedUs, tiles }, payloadBytes, { type, json }), type };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
