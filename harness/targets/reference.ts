// The four reference servers as targets: requests as a browser would send them, and a decoder that reads only the digits it needs.
// The plan is plain JSON and goes to every shard; the target is made of it there.

import { type Action, type ActionMessage, messagePrefix, paths } from '../../servers/protocol.ts';
import type { Transport } from '../contract/record.ts';
import type { ActionWay, Address, Asking, Decoded, Target } from '../contract/target.ts';
import { seededRandom } from '../plan/random.ts';
import { browserRequest } from './browser-request.ts';

export interface ReferenceTargetPlan {
  readonly kind: 'reference';
  readonly transport: Transport;
  readonly addresses: readonly Address[];
  readonly keepAlive: boolean;
  readonly etag: boolean;
  readonly auth: 'none' | 'query' | 'cookie' | 'message';
  readonly token: string;
  /** The certificate (PEM) that vouches for the servers' own: they speak TLS. `null`: they do not. */
  readonly authority: string | null;
  /** Deals each client a network of its own, as a balancer sees them in life. Absent: their addresses do not matter. */
  readonly networksSeed?: number;
  /** They make their changes themselves, and their messages tell when. Absent: changes are ours. */
  readonly changes?: 'theirs';
}

/** The target that a plan describes. */
export function referenceTarget(plan: ReferenceTargetPlan): Target {
  return {
    transport: plan.transport,
    addresses: plan.addresses,
    asksAfterVersion: plan.transport === 'long-polling' || plan.transport === 'sse' || plan.etag,
    firstMessages: () => (plan.auth === 'message' ? [JSON.stringify({ type: 'auth', token: plan.token })] : []),
    pong: '{"type":"pong"}',
    greets: true,
    ...(plan.networksSeed !== undefined && { sourceOf: sourcesBy(plan.networksSeed) }),
    request: (asking) => requestHead(plan, asking),
    action: actionWay(plan),
    decode: decodeMessage,
  };
}

/** 127.x.y.z by chance: some share a network, as people behind one router do. */
function sourcesBy(seed: number): (rank: number) => string {
  return (rank) => {
    const random = seededRandom(seed, 5, rank);
    const octet = (first: number, last: number) => first + Math.floor(random() * (last - first + 1));
    return `127.${octet(1, 254)}.${octet(0, 255)}.${octet(1, 254)}`;
  };
}

/** fetch by POST names its Origin, of the same site too. */
function actionWay(plan: ReferenceTargetPlan): ActionWay {
  const scheme = plan.authority === null ? 'http' : 'https';
  return {
    isMessage: plan.transport === 'websocket',
    message: (id, intendedUs) => JSON.stringify({ type: 'action', id, intendedUs } satisfies ActionMessage),
    body: (intendedUs) => JSON.stringify({ intendedUs } satisfies Action),
    request: ({ address, audience, cookies = '' }, body) =>
      browserRequest({
        transport: 'polling',
        path: `${paths.actions}?audience=${audience}${tokenOf(plan)}`,
        host: `${address.host}:${address.port}`,
        isSecure: plan.authority !== null,
        keepAlive: plan.keepAlive,
        headers: [`Origin: ${scheme}://${address.host}:${address.port}`, ...cookieLine(plan, cookies)],
        body,
      }),
    versionOf(bytes, start, end) {
      const { version } = parseObject(bytes.toString('utf8', start, end));
      return Number.isSafeInteger(version) ? (version as number) : null;
    },
  };
}

function tokenOf({ auth, token }: ReferenceTargetPlan): string {
  return auth === 'query' ? `&token=${encodeURIComponent(token)}` : '';
}

function cookieLine({ auth, token }: ReferenceTargetPlan, cookies: string): string[] {
  const own = auth === 'cookie' ? `token=${encodeURIComponent(token)}` : '';
  const all = [own, cookies].filter((each) => each !== '').join('; ');
  return all === '' ? [] : [`Cookie: ${all}`];
}

function requestHead(plan: ReferenceTargetPlan, { address, audience, held, cookies = '' }: Asking): string {
  const { transport, keepAlive } = plan;
  const after = transport === 'long-polling' && held !== null ? `&after=${held}` : '';
  return browserRequest({
    transport,
    path: `${pathOf[transport]}?audience=${audience}${tokenOf(plan)}${after}`,
    host: `${address.host}:${address.port}`,
    isSecure: plan.authority !== null,
    keepAlive,
    headers: [
      ...(transport === 'polling' && plan.etag && held !== null ? [`If-None-Match: "${held}"`] : []),
      ...(transport === 'sse' && held !== null ? [`Last-Event-ID: ${held}`] : []),
      ...cookieLine(plan, cookies),
    ],
  });
}

const pathOf: Readonly<Record<Transport, string>> = {
  polling: paths.dashboard,
  'long-polling': paths.dashboard,
  sse: paths.events,
  websocket: paths.websocket,
};

const snapshotBytes = Buffer.from(messagePrefix.snapshot);
const updateBytes = Buffer.from(messagePrefix.update);
const intendedBytes = Buffer.from(messagePrefix.intendedUs);
const comma = 44;
const brace = 125;

/** Reads kind, version and intended time from the message's first bytes; parses it whole only when they are not as usual. */
export function decodeMessage(bytes: Buffer, start: number, end: number, into: Decoded): void {
  const prefix = startsWith(bytes, start, end, updateBytes)
    ? updateBytes
    : startsWith(bytes, start, end, snapshotBytes)
      ? snapshotBytes
      : null;
  if (prefix !== null) {
    let at = start + prefix.length;
    let version = 0;
    const firstDigit = at;
    for (; at < end && isDigit(bytes[at]); at++) version = version * 10 + ((bytes[at] as number) - 48);
    if (at > firstDigit && startsWith(bytes, at, end, intendedBytes)) {
      at += intendedBytes.length;
      let intendedUs = 0;
      const firstStampDigit = at;
      for (; at < end && isDigit(bytes[at]); at++) intendedUs = intendedUs * 10 + ((bytes[at] as number) - 48);
      // A fraction, an exponent or a number beyond 2^53 is for JSON.parse to read.
      const isWhole = at > firstStampDigit && (bytes[at] === comma || bytes[at] === brace) && at < end;
      if (isWhole && version <= Number.MAX_SAFE_INTEGER && intendedUs <= Number.MAX_SAFE_INTEGER) {
        into.kind = prefix === updateBytes ? 'update' : 'snapshot';
        into.version = version;
        into.intendedUs = intendedUs;
        return;
      }
    }
  }
  decodeWhole(bytes.toString('utf8', start, end), into);
}

function decodeWhole(text: string, into: Decoded): void {
  into.kind = 'other';
  into.version = 0;
  into.intendedUs = 0;
  const message = parseObject(text);
  const { type, version, intendedUs, id } = message;
  if (type === 'ping') into.kind = 'ping';
  if (type === 'acted' && Number.isSafeInteger(id)) {
    into.kind = 'acted';
    into.id = id as number;
    into.version = Number.isSafeInteger(version) ? (version as number) : -1;
  }
  if ((type === 'snapshot' || type === 'update') && Number.isSafeInteger(version)) {
    into.kind = type;
    into.version = version as number;
    into.intendedUs = typeof intendedUs === 'number' && Number.isFinite(intendedUs) ? intendedUs : 0;
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {}; // No JSON is a message without a version, which the caller counts.
  }
}

function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
