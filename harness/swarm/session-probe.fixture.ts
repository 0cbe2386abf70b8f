// One session of any transport against a test's server, with all that it tells written down. It keeps what a client keeps: the version held.
import { createSecureContext } from 'node:tls';
import { nowUs } from '../contract/clock.ts';
import type { Transport } from '../contract/record.ts';
import type { Address } from '../contract/target.ts';
import { type ReferenceTargetPlan, referenceTarget } from '../targets/reference.ts';
import { Changes } from './changes.fixture.ts';
import { Requests } from './requests.ts';
import { Scheduler } from './scheduler.ts';
import type { EndReason, Session, SessionContext, SessionListener, SessionPlace } from './session.ts';
import { sessionMakers } from './shard.ts';

export type Told =
  | { readonly what: 'open' | 'unchanged' }
  | { readonly what: 'snapshot' | 'update'; readonly version: number }
  | { readonly what: 'polled'; readonly dueUs: number; readonly sentUs: number; readonly atUs: number }
  | { readonly what: 'failed' | 'skipped' | 'late'; readonly dueUs: number }
  | { readonly what: 'retry'; readonly delayUs: number }
  | { readonly what: 'acted'; readonly id: number; readonly version: number | null }
  | { readonly what: 'end'; readonly reason: EndReason };

export type ProbeOptions = Partial<
  Pick<SessionContext, 'connectTimeoutUs' | 'requestTimeoutUs' | 'pollIntervalUs' | 'late'>
> &
  Partial<Pick<ReferenceTargetPlan, 'keepAlive' | 'etag' | 'auth' | 'authority'>> & { held?: number | null };

export class Probe extends Changes implements SessionListener, SessionPlace {
  readonly rank = 0;
  readonly audience = 0;
  readonly address: Address;
  readonly told: Told[] = [];
  readonly scheduler = new Scheduler();
  readonly context: SessionContext;
  readonly session: Session;
  readonly startUs = nowUs();
  held: number | null;
  /** Called with everything that is told, before the session goes on. */
  onTold: (told: Told) => void = () => {};
  readonly #timer: NodeJS.Timeout;

  constructor(transport: Transport, address: Address, options: ProbeOptions = {}) {
    super();
    this.address = address;
    this.held = options.held ?? null;
    this.context = contextOf(transport, { address, scheduler: this.scheduler, ...options });
    this.session = sessionMakers[transport](this, this, this.context);
    this.#timer = setInterval(() => this.session.expire(nowUs()), 20);
  }

  open(): this {
    this.session.open(this.startUs);
    return this;
  }

  /** Closes what is still open and stops all timers. */
  stop(): void {
    this.session.close();
    this.scheduler.stop();
    clearInterval(this.#timer);
  }

  get end(): EndReason | null {
    return this.of('end')[0]?.reason ?? null;
  }

  get versions(): readonly (readonly [string, number])[] {
    return this.told.flatMap((told) =>
      'version' in told && told.what !== 'acted' ? [[told.what, told.version] as const] : [],
    );
  }

  of<W extends Told['what']>(what: W): Extract<Told, { what: W }>[] {
    return this.told.filter((told): told is Extract<Told, { what: W }> => told.what === what);
  }

  onOpen(): void {
    this.#note({ what: 'open' });
  }

  onVersion(kind: 'snapshot' | 'update', version: number): void {
    this.held = Math.max(this.held ?? 0, version);
    this.#note({ what: kind, version });
  }

  onUnchanged(): void {
    this.#note({ what: 'unchanged' });
  }

  onPolled(dueUs: number, sentUs: number, atUs: number): void {
    this.#note({ what: 'polled', dueUs, sentUs, atUs });
  }

  onPollFailed(dueUs: number): void {
    this.#note({ what: 'failed', dueUs });
  }

  onPollRefused(dueUs: number): void {
    this.#note({ what: 'failed', dueUs });
  }

  onSkipped(dueUs: number): void {
    this.#note({ what: 'skipped', dueUs });
  }

  onSentLate(dueUs: number): void {
    this.#note({ what: 'late', dueUs });
  }

  onRetryDelay(delayUs: number): void {
    this.#note({ what: 'retry', delayUs });
  }

  onActed(id: number, version: number | null): void {
    this.#note({ what: 'acted', id, version });
  }

  onEnd(reason: EndReason): void {
    this.#note({ what: 'end', reason });
  }

  #note(told: Told): void {
    this.told.push(told);
    this.onTold(told);
    this.changed();
  }
}

function contextOf(
  transport: Transport,
  options: ProbeOptions & { address: Address; scheduler: Scheduler },
): SessionContext {
  const { address, scheduler, keepAlive = true, etag = false, auth = 'none', authority = null } = options;
  const plan = {
    kind: 'reference',
    transport,
    addresses: [address],
    keepAlive,
    etag,
    auth,
    token: 'freshet',
    authority,
  } as const;
  const target = referenceTarget(plan);
  return {
    target,
    scheduler,
    requests: new Requests(target),
    traffic: { bytesIn: 0, bytesOut: 0, payloadIn: 0, payloadOut: 0 },
    localPorts: null,
    tls: authority === null ? null : createSecureContext({ ca: authority }),
    connectTimeoutUs: options.connectTimeoutUs ?? 10_000_000,
    requestTimeoutUs: options.requestTimeoutUs ?? 30_000_000,
    pollIntervalUs: options.pollIntervalUs ?? 20_000,
    late: options.late ?? 'skip',
    random: () => 0.6,
  };
}
