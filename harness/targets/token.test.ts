// The credentials that a trial is given, judged by the servers' own checks.
import { describe, expect, test } from 'vitest';
import { serverSettings } from '../../servers/settings.ts';
import { tokenCheckOf } from '../../servers/token-check.ts';
import { parseContender } from '../plan/contender.ts';
import { credentialsOf } from './token.ts';

async function judge(spelling: string): Promise<unknown> {
  const parsed = parseContender(spelling);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  const { token, serve, prepare } = await credentialsOf(parsed.contender);
  const settings = serverSettings.parse({ transport: 'websocket', postgresUrl: 'postgres://nowhere', ...serve });
  const sessions = new Map(prepare.sessions?.map((session) => [session.token, !session.isExpired]));
  const store = { hasSession: async (asked: string) => sessions.get(asked) ?? false };
  return tokenCheckOf(settings, store)(token);
}

describe.each(['secret', 'jwt', 'session'])('with verify=%s', (verify) => {
  test('a valid token lets in, an expired one does not', async () => {
    expect(await judge(`websocket+auth=cookie+verify=${verify}`)).toBe('accepted');
    expect(await judge(`websocket+auth=cookie+verify=${verify}+token=expired`)).toBe(401);
  });
});

test('a token without a place to put it is refused before anything runs', () => {
  for (const part of ['verify=jwt', 'token=expired'])
    expect(parseContender(`sse+${part}`)).toMatchObject({ problems: [expect.stringContaining('there is none')] });
});
