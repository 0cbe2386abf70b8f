// Who may come in: the Origin check (RFC 6454), the token, whether the dashboard exists, and whether there are too many just now.
// Decided before the dashboard is asked for.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type ParsedUrlQuery, parse } from 'node:querystring';
import { RateLimit } from './rate-limit.ts';
import type { ServerSettings } from './settings.ts';
import type { TokenCheck, TokenVerdict } from './token-check.ts';

/** 401: a bad token; 403: a foreign Origin; 404: no such dashboard; 503: more at once than are taken on. */
export type Refusal = 401 | 403 | 404 | 503;

export interface Admitted {
  audience: number;
  /** Of the URL. */
  query: ParsedUrlQuery;
}

export class Admission {
  readonly #settings: ServerSettings;
  readonly #checkToken: TokenCheck;
  readonly #origins: ReadonlySet<string> | null;
  readonly #limit: RateLimit | null;

  constructor(settings: ServerSettings, checkToken: TokenCheck) {
    this.#settings = settings;
    this.#checkToken = checkToken;
    this.#origins = settings.allowedOrigins === null ? null : new Set(settings.allowedOrigins);
    this.#limit = settings.admitPerSecond === null ? null : new RateLimit(settings.admitPerSecond);
  }

  /** `search` is the URL's part after `?`. With auth `message` the token comes later: see `judgeToken`. A promise where somebody has to be asked. */
  judge(request: IncomingMessage, search: string): Admitted | Refusal | Promise<Admitted | Refusal> {
    return this.#judge(request, search, this.#limit);
  }

  /** An action is no new session: the same, but that it takes nobody's place. */
  judgeAction(request: IncomingMessage, search: string): Admitted | Refusal | Promise<Admitted | Refusal> {
    return this.#judge(request, search, null);
  }

  judgeToken(token: unknown): TokenVerdict | Promise<TokenVerdict> {
    return this.#checkToken(token);
  }

  #judge(
    request: IncomingMessage,
    search: string,
    limit: RateLimit | null,
  ): Admitted | Refusal | Promise<Admitted | Refusal> {
    const query = parse(search);
    if (!this.#acceptsOrigin(request.headers.origin)) return 403;
    const token = this.#tokenOf(request.headers, query);
    if (token === null) return this.#admit(query, limit);
    const verdict = this.#checkToken(token.value);
    if (verdict instanceof Promise)
      return verdict.then((told) => (told === 'accepted' ? this.#admit(query, limit) : told));
    return verdict === 'accepted' ? this.#admit(query, limit) : verdict;
  }

  #admit(query: ParsedUrlQuery, limit: RateLimit | null): Admitted | Refusal {
    const audience = query.audience === undefined ? 0 : wholeNumber(query.audience);
    if (audience === null || audience >= this.#settings.audiences) return 404;
    // Last, so that nobody who is refused anyway takes another's place.
    return limit?.take() === false ? 503 : { audience, query };
  }

  #acceptsOrigin(origin: string | undefined): boolean {
    return this.#origins === null || origin === undefined || this.#origins.has(origin);
  }

  /** What the request says its token is, if anything; `null` where none is asked of it. */
  #tokenOf(headers: IncomingHttpHeaders, query: ParsedUrlQuery): { readonly value: unknown } | null {
    if (this.#settings.auth === 'query') return { value: query.token };
    if (this.#settings.auth === 'cookie') return { value: cookieNamed('token', headers.cookie ?? '') };
    return null;
  }
}

/** The value of a cookie, decoded; `null` when it is missing (RFC 6265 §4.2). */
function cookieNamed(name: string, header: string): string | null {
  for (const pair of header.split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined) return decodeLeniently(value);
  }
  return null;
}

function decodeLeniently(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return value;
    throw error;
  }
}

/** The number that a query parameter or a header spells in digits, else `null`. */
export function wholeNumber(text: unknown): number | null {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
