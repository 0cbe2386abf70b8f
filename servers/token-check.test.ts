// What becomes of a token that is good, wrong or expired, by each way of judging it and each place to put it.
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRig, openSocket, type Rig, request } from './rig.fixture.ts';

const key = 'a key of at least thirty-two bytes, even for HS512: sixty-four of them';

/** A token that ends `seconds` from now. */
function sign(seconds: number, { by = key, algorithm = 'HS256' } = {}): Promise<string> {
  const end = Math.floor(Date.now() / 1000) + seconds;
  return new SignJWT({}).setProtectedHeader({ alg: algorithm }).setExpirationTime(end).sign(Buffer.from(by));
}

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
}, 60_000);
afterAll(() => rig.close());
beforeEach(() => rig.forgetQueries());
afterEach(() => rig.stopNodes());

describe('a JWT', () => {
  it('lets in for as long as it lasts, if we signed it, and costs no query', async () => {
    const node = await rig.serve({ auth: 'query', verify: 'jwt', token: key });
    const ask = async (token: string) => (await request(`${node.url}/dashboard?token=${token}`)).status;
    const good = await sign(60);
    for (const bad of [
      await sign(-1),
      await sign(60, { by: key.toUpperCase() }),
      await sign(60, { algorithm: 'HS512' }),
      `${good}x`,
      'x',
      '',
    ])
      expect(await ask(bad)).toBe(401);
    expect(await rig.queries()).toBe(0);
    expect(await ask(good)).toBe(200);
    expect(await rig.queries()).toBe(1);
  });

  it('without an end is refused', async () => {
    const node = await rig.serve({ auth: 'cookie', verify: 'jwt', token: key });
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(key));
    expect((await request(`${node.url}/dashboard`, { Cookie: `token=${token}` })).status).toBe(401);
  });
});

describe('a session', () => {
  it('is looked up with each request, and lets in until it is over', async () => {
    const node = await rig.serve({ auth: 'cookie', verify: 'session' });
    const ask = async (token: string) => (await request(`${node.url}/dashboard`, { Cookie: `token=${token}` })).status;
    expect([await ask('over'), await ask('unknown')]).toEqual([401, 401]);
    expect(await rig.queries()).toBe(2);
    expect([await ask('alive'), await ask('alive')]).toEqual([200, 200]);
    expect(await rig.queries()).toBe(6);
  });

  it('that is over closes a WebSocket with 1008, wherever its token is, and nothing is sent', async () => {
    const handshake = await rig.serve({ transport: 'websocket', auth: 'query', verify: 'session' });
    expect(await (await openSocket(handshake, '?token=over')).closed).toBe(1008);
    expect(await (await openSocket(handshake, '?token=alive')).next()).toMatchObject({ type: 'snapshot' });
    await rig.stopNodes();
    const message = await rig.serve({ transport: 'websocket', auth: 'message', verify: 'session' });
    const [good, bad] = [await openSocket(message), await openSocket(message)];
    bad.socket.send('{"type":"auth","token":"over"}');
    good.socket.send('{"type":"auth","token":"alive"}');
    expect(await bad.closed).toBe(1008);
    expect(await good.next()).toMatchObject({ type: 'snapshot' });
  });
});
