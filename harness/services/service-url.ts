// Addresses of services that people give us: checked before use, and shown without their password.
import { FreshetError } from '../contract/errors.ts';

interface UrlRules {
  readonly flag: string;
  readonly protocols: readonly string[];
  readonly example: string;
}

/** The URL, parsed. Throws `input` when it is none, or of another protocol. */
export function parseServiceUrl(text: string, rules: UrlRules): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && rules.protocols.includes(url.protocol) && url.hostname !== '') return url;
  // What cannot be parsed may hold a password anywhere, so it is not repeated.
  const what = describeMistake(url, rules);
  throw new FreshetError(
    'input',
    `${rules.flag} is ${what}; expected ${rules.protocols.map((protocol) => `${protocol}//`).join(' or ')}…, such as ${rules.example}`,
  );
}

function describeMistake(url: URL | null, rules: UrlRules): string {
  if (url === null) return 'not a URL';
  return rules.protocols.includes(url.protocol) ? 'an address without a host' : `a ${url.protocol}// address`;
}

/** The URL as it may be shown: without password and parameters. */
export function maskedUrl(url: URL): string {
  const user = url.username === '' ? '' : `${url.username}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname === '/' ? '' : url.pathname}`;
}
