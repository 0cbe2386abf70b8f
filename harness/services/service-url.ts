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

/** A text in which no URL shows a password, neither in front of its host nor among its parameters. */
export function maskSecrets(text: string): string {
  const start = text.search(/[a-z][a-z\d+.-]*:\/\//i);
  return start === -1 ? text : text.slice(0, start) + maskUrlSecrets(text.slice(start));
}

function maskUrlSecrets(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  // An @ behind the host tells of a password with a character that ended the host too early; line breaks and tabs are no part of a URL.
  if (url === null || `${url.pathname}${url.search}${url.hash}`.includes('@') || /[\t\r\n]/.test(text)) {
    return text.replace(/^([^/]*:\/\/).*@/s, '$1***@').replace(/\?.*$/s, '?***');
  }
  const secrets = [...url.searchParams.keys()].filter((name) => /pass|secret|token/i.test(name));
  if (url.password === '' && secrets.length === 0) return text;
  if (url.password !== '') url.password = '***';
  for (const name of secrets) url.searchParams.set(name, '***');
  return url.href;
}
