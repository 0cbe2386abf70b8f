// The contender that somebody's own server is: its name, and what can be said of its clients, `api`, `api+interval=5s`, `api+backoff=full`.
import type { ForeignSubject } from '../contract/foreign.ts';
import type { Transport } from '../contract/record.ts';
import { suggest } from '../contract/settings.ts';
import { type Contender, parseContender } from './contender.ts';

/** All else of a contender is a setting of the reference servers. */
export const clientSettings = ['interval', 'keep-alive', 'backoff', 'jitter', 'retry-on-error'] as const;

export interface ForeignKind {
  readonly subject: ForeignSubject;
  readonly transport: Transport;
}

export function parseForeignContender(
  text: string,
  kinds: readonly ForeignKind[],
): { contender: Contender } | { problems: string[] } {
  const [name = '', ...settings] = text.trim().split('+');
  const names = kinds.map(({ subject }) => subject.name);
  const kind = kinds.find(({ subject }) => subject.name === name);
  if (kind === undefined)
    return {
      problems: [
        `contender '${text}' begins with '${name}'; expected one of ${names.join(', ')}${suggest(name, names)}`,
      ],
    };
  const parsed = parseContender([kind.transport, ...settings].join('+'));
  if ('problems' in parsed) return parsed;
  const { contender } = parsed;
  const strange = Object.keys(contender.given).filter((setting) => !clientSettings.some((known) => known === setting));
  if (strange.length > 0)
    return {
      problems: [
        `contender '${text}': ${strange.join(', ')} is of the reference servers; expected a setting of the clients: ${clientSettings.join(', ')}`,
      ],
    };
  return {
    contender: { ...contender, name: contender.name.replace(kind.transport, name), foreign: kind.subject },
  };
}
