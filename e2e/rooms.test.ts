import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readImageHeader } from '@lianmai/media/image';
import { Lianmai } from './lianmai.ts';
import { decode, push } from './peers/ffmpeg.ts';
import { type ErrorAnswer, Rest } from './rest.ts';
import { until } from './until.ts';

/** What these tests use of a room. */
interface Room {
  id: string;
  title: string;
  state: 'preparing' | 'live' | 'interrupted' | 'closed';
  anchor: { userId: string; nickname: string };
  channel: { stream: string; push?: { rtmp: string; whip: string }; play: { flv: string; hls: string } };
  viewers: number;
  thumbnail: string | null;
  closeReason: string | null;
  summary: { durationSeconds: number } | null;
}
interface Session {
  token: string;
  user: { userId: string; nickname: string; room: string | null };
}

let lianmai: Lianmai;
before(async () => {
  lianmai = await Lianmai.start({ workers: 2 });
});
after(() => lianmai?.stop());

const as = (token: string) => new Rest(lianmai.http, token);
/** Registered, as people are in the app. */
async function register(nickname: string): Promise<{ rest: Rest; session: Session }> {
  const nobody = as('nobody');
  const session = await nobody.ok<Session>('POST', '/v1/users/register', { nickname, password: 'correct horse' });
  return { rest: as(session.token), session };
}

describe('a room', () => {
  it('is opened by who registered, is in the list while an encoder pushes to it, plays, and is closed', async () => {
    const { rest, session } = await register('小明');
    const room = await rest.ok<Room>('POST', '/v1/rooms', { title: 'Evening songs', tags: ['music'] });
    assert.deepEqual([room.state, room.anchor.nickname], ['preparing', '小明']);
    assert.equal((await rest.ok<Session['user']>('GET', '/v1/users/me')).room, room.id);

    await using encoder = push(room.channel.push?.rtmp ?? '');
    const guest = as('nobody');
    const listed = await until('the list shows the room live', async () => {
      const { items } = await guest.ok<{ items: Room[] }>('GET', '/v1/rooms?state=live&search=SONGS');
      return items.find(({ id }) => id === room.id);
    });
    assert.equal(listed.anchor.userId, session.user.userId);
    assert.equal(listed.channel.push, undefined);
    const cover = await until('the room has a picture', async () => {
      const answer = await fetch(new URL(listed.thumbnail ?? '', lianmai.http));
      return answer.status === 200 ? answer : null;
    });
    assert.equal(cover.headers.get('content-type'), 'image/jpeg');
    const header = readImageHeader(Buffer.from(await cover.arrayBuffer()));
    assert.ok(header && header.width <= 360 && header.width > 0, `${header?.width} px`);
    const etag = cover.headers.get('etag') ?? '';
    const same = await fetch(new URL(listed.thumbnail ?? '', lianmai.http), { headers: { 'if-none-match': etag } });
    assert.equal(same.status, 304);
    const { videoFrames, audioFrames } = await decode(listed.channel.play.flv, 2);
    assert.ok(videoFrames > 30 && audioFrames > 50, `${videoFrames} pictures, ${audioFrames} sounds`);

    const second = await rest.call<ErrorAnswer>('POST', '/v1/rooms', { title: 'Another' });
    assert.deepEqual([second.status, second.body.error.name], [409, 'ROOM_ALREADY_OPEN']);
    const pulse = await rest.ok<{ state: string }>('POST', `/v1/rooms/${room.id}/heartbeat`);
    assert.equal(pulse.state, 'live');

    assert.equal((await rest.call('DELETE', `/v1/rooms/${room.id}`)).status, 204);
    await encoder.exit;
    assert.equal((await fetch(new URL(listed.thumbnail ?? '', lianmai.http))).status, 404);
    const closed = await rest.ok<Room>('GET', `/v1/rooms/${room.id}`);
    assert.deepEqual([closed.state, closed.closeReason], ['closed', 'anchor']);
    assert.ok((closed.summary?.durationSeconds ?? 0) > 0);
    // Its encoder does not get in again by itself; the next room has the same address.
    await using refused = push(room.channel.push?.rtmp ?? '');
    assert.notEqual((await refused.exit).code, 0);
    const next = await rest.ok<Room>('POST', '/v1/rooms', { title: 'Again' });
    assert.equal(next.channel.push?.rtmp.split('?')[0], room.channel.push?.rtmp.split('?')[0]);
  });

  it('is interrupted when its encoder is killed, and live again when it comes back', async () => {
    const { rest } = await register('Anna');
    const room = await rest.ok<Room>('POST', '/v1/rooms', { title: 'Walk' });
    const state = async () => (await rest.ok<Room>('GET', `/v1/rooms/${room.id}`)).state;
    await using first = push(room.channel.push?.rtmp ?? '');
    await until('it is live', async () => (await state()) === 'live');
    first.kill('SIGKILL');
    await until('it is interrupted', async () => (await state()) === 'interrupted');
    await using _second = push(room.channel.push?.rtmp ?? '');
    await until('it is live again', async () => (await state()) === 'live');
  });
});
