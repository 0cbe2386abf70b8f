// How a contender's servers judge tokens → the token that its clients carry, and what the servers must know of it.
import { SignJWT } from 'jose';
import type { PrepareSettings, ServerSettings } from '../../servers/settings.ts';
import { type Contender, settingOf } from '../plan/contender.ts';

export interface Credentials {
  /** What each client sends: a dashboard's users are many, their checks alike. */
  readonly token: string;
  /** What `serve` is told, beyond its defaults. */
  readonly serve: Partial<Pick<ServerSettings, 'verify' | 'token'>>;
  /** What `prepare` is told, beyond its defaults. */
  readonly prepare: Partial<Pick<PrepareSettings, 'sessions'>>;
}

/** HS256 asks for a key of 32 bytes or more (RFC 7518 §3.2). */
const signingKey = 'freshet-signs-its-tokens-with-this-key';
const secret = 'freshet';
const session = 'freshet-session';

/** The credentials of one trial. What is told is only what differs from the servers' defaults: an older tree's servers need not know it. */
export async function credentialsOf(contender: Contender): Promise<Credentials> {
  const verify = settingOf(contender, 'verify');
  const isExpired = settingOf(contender, 'token') === 'expired';
  if (verify === 'session')
    return { token: session, serve: { verify }, prepare: { sessions: [{ token: session, isExpired }] } };
  if (verify === 'jwt') return { token: await signToken(isExpired), serve: { verify, token: signingKey }, prepare: {} };
  return { token: isExpired ? `${secret} of yesterday` : secret, serve: {}, prepare: {} };
}

function signToken(isExpired: boolean): Promise<string> {
  return new SignJWT({ scope: 'dashboard' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('client')
    .setIssuedAt()
    .setExpirationTime(isExpired ? '-1 hour' : '1 day')
    .sign(Buffer.from(signingKey));
}
