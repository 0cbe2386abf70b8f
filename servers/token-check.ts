// A client's token → whether it lets the client in: compared with one secret, verified as a JWT (RFC 7519, HS256), which asks nobody,
// or looked up among the sessions in Postgres, which is a query for each connect, and of polling for each poll.
import { timingSafeEqual } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import type { ServerSettings } from './settings.ts';
import type { Store } from './store.ts';

/** 401: a bad, or an expired, token; 503: the database could not tell in time. */
export type TokenVerdict = 'accepted' | 401 | 503;

/** Judges one token, which is `undefined` where the client sent none. Answers at once where nobody has to be asked. */
export type TokenCheck = (token: unknown) => TokenVerdict | Promise<TokenVerdict>;

/** The check that the settings ask for. */
export function tokenCheckOf({ verify, token: secret }: ServerSettings, store: Pick<Store, 'hasSession'>): TokenCheck {
  const key = Buffer.from(secret);
  if (verify === 'jwt') return (token) => (typeof token === 'string' ? verifyJwt(token, key) : 401);
  if (verify === 'session') return (token) => (typeof token === 'string' ? lookUp(token, store) : 401);
  return (token) => (isSame(token, key) ? 'accepted' : 401);
}

/** Takes as long for a near miss as for a far one. */
function isSame(token: unknown, secret: Buffer): boolean {
  if (typeof token !== 'string') return false;
  const offered = Buffer.from(token);
  return offered.length === secret.length && timingSafeEqual(offered, secret);
}

async function verifyJwt(token: string, key: Buffer): Promise<TokenVerdict> {
  try {
    await jwtVerify(token, key, { algorithms: ['HS256'], requiredClaims: ['exp'] });
    return 'accepted';
  } catch (error) {
    if (error instanceof errors.JOSEError) return 401;
    throw error;
  }
}

async function lookUp(token: string, store: Pick<Store, 'hasSession'>): Promise<TokenVerdict> {
  const found = await store.hasSession(token);
  if (typeof found === 'string') return 503;
  return found ? 'accepted' : 401;
}
