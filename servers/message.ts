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

  /** `updateJson` is the text of the update where it came ready-made, from Redis. */
  constructor(dashboard: Dashboard, payloadBytes: number, updateJson: string | null = null) {
    this.dashboard = dashboard;
    this.#payloadBytes = payloadBytes;
    this.#json = { snapshot: null, update: updateJson };
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

/** Reads an update message that the relay published; `null` when it is none. */
export function parseUpdate(json: string, payloadBytes: number): Message | null {
  if (!json.startsWith(messagePrefix.update)) return null;
  try {
    const { audience, version, intendedUs, tiles } = JSON.parse(json) as DashboardMessage;
    if (!Number.isInteger(audience) || !Number.isInteger(version)) return null;
    return new Message({ audience, version, intendedUs, tiles }, payloadBytes, json);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
