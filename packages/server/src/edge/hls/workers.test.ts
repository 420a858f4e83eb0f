import assert from 'node:assert/strict';
import { it } from 'node:test';
import { leases } from '@lianmai/contract';
import { signTx } from '../../auth/tx-signature.ts';
import type { PackagerHolder } from './directory.ts';
import { HlsWorld } from './testing/hls-world.ts';
import { parsePlaylist } from './testing/playlist.ts';
import { Source } from './testing/source.ts';

const VIDEO = { config: 0, frameMs: 40, gopFrames: 50 } as const;
const AUDIO = { sound: 'aac48' } as const;
const media = (source: Source, startMs: number, lengthMs: number) =>
  source.stretch(startMs, { lengthMs, video: VIDEO, audio: AUDIO });
const later = (source: Source, startMs: number, lengthMs: number) =>
  media(source, startMs, lengthMs).filter(({ type }) => type !== 'config');

/** Two workers; a stream published at the first, watched at the second. */
async function watchedElsewhere(world: HlsWorld) {
  const holder = await world.worker();
  const other = await world.worker();
  const pusher = await world.push(holder);
  const source = new Source();
  world.feed(pusher, media(source, 0, 2000));
  const opened = other.open('show');
  await world.world.until(() => holder.hls.waiting === 1, 'the first request waits at the holder');
  world.feed(pusher, later(source, 2000, 2000));
  const playlist = await opened;
  world.feed(pusher, later(source, 4000, 240));
  return { holder, other, pusher, source, playlist };
}

it('a viewer at any worker gets the stream from the one that has it, without a relay', async () => {
  await using world = new HlsWorld();
  const { holder, other, playlist } = await watchedElsewhere(world);
  const [here, there] = await Promise.all([holder.get(playlist), other.get(playlist)]);
  assert.equal(there.text, here.text);
  assert.equal(there.headers['cache-control'], here.headers['cache-control']);
  const { segments } = parsePlaylist(there.text);
  const [a, b] = await Promise.all([holder.get(`show/${segments[0]!.uri}`), other.get(`show/${segments[0]!.uri}`)]);
  assert.deepEqual(a.body, b.body);
  assert.equal(b.headers['content-type'], 'video/mp4');
  assert.deepEqual(world.world.relayed, []);
});

it('media files are fetched once, playlists once for all who ask together', async () => {
  await using world = new HlsWorld();
  const { holder, other, pusher, source, playlist } = await watchedElsewhere(world);
  const { segments, openParts } = parsePlaylist((await other.get(playlist)).text);
  holder.askedByWorkers.length = 0;
  for (let i = 0; i < 3; i++) await other.get(`show/${segments[0]!.uri}`);
  assert.deepEqual(holder.askedByWorkers, [`/live/show/${segments[0]!.uri}`]);
  holder.askedByWorkers.length = 0;
  const asked = other.askedByViewers + 3;
  const ask = `_HLS_msn=${segments.at(-1)!.msn + 1}&_HLS_part=${openParts.length}`;
  const answers = ['a', 'b', 'c'].map((session) => other.get(`show/media.m3u8?session=${session}&${ask}`));
  await world.world.until(
    () => other.askedByViewers === asked && holder.hls.waiting === 1,
    'one request waits for three',
  );
  world.feed(pusher, later(source, 4240, 400));
  const texts = (await Promise.all(answers)).map(({ text }) => text);
  assert.equal(new Set(texts).size, 1);
  assert.deepEqual(holder.askedByWorkers, [`/live/show/media.m3u8?${ask}`]);
});

it('each viewer has a session of its own, is counted where the stream is, and metered', async () => {
  await using world = new HlsWorld();
  const { holder, other, playlist } = await watchedElsewhere(world);
  const second = await other.open('show');
  assert.notEqual(second, playlist);
  await Promise.all([other.get(playlist), other.get(second), holder.get(await holder.open('show'))]);
  await world.pass(1000);
  await world.world.until(() => world.viewers() === 3, 'three are counted');
  await world.pass(11_000);
  await world.world.until(() => world.viewers() === 0, 'they are gone');
});

it('what the holder refuses, a viewer elsewhere is refused', async () => {
  await using world = new HlsWorld();
  const { other, playlist } = await watchedElsewhere(world);
  assert.equal((await other.get(`${playlist}&_HLS_msn=9000000000`)).status, 400);
  assert.equal((await other.get('show/seg-1.m4s')).status, 404);
  assert.equal((await other.get('nobody.m3u8')).status, 404);
});

it('a signature is asked for at every worker, also for what it has already', async () => {
  await using world = new HlsWorld();
  world.world.grant = () => ({ channelId: 'ch1', accountId: 'acc1', play: { signedWith: ['key'] } });
  const holder = await world.worker();
  const other = await world.worker();
  const pusher = await world.push(holder);
  const source = new Source();
  world.feed(pusher, media(source, 0, 2000));
  const signature = signTx('key', 'show', world.world.nowMs + 60_000);
  const opened = other.open('show', `?${signature}`);
  await world.world.until(() => holder.hls.waiting === 1, 'it waits');
  world.feed(pusher, later(source, 2000, 2000));
  const { segments } = parsePlaylist((await other.get(await opened)).text);
  assert.equal((await other.get(`show/${segments[0]!.uri}`)).status, 200);
  for (const path of ['show.m3u8', 'show/media.m3u8', `show/${segments[0]!.uri.split('?')[0]}`])
    assert.equal((await other.get(path)).status, 403, path);
});

it('the packager stays where it is when the publisher comes back at another worker', async () => {
  await using world = new HlsWorld();
  const { holder, other, pusher, playlist } = await watchedElsewhere(world);
  world.end(pusher, 'vanished');
  await world.pass(2000);
  const back = await world.push(other);
  world.feed(back, media(new Source(), 0, 400));
  await world.world.until(() => world.world.relayed.length === 1, 'the stream is relayed to its packager');
  world.feed(back, later(new Source(), 400, 3000));
  const reads = async () => parsePlaylist((await other.get(playlist)).text);
  let listed = await reads();
  await world.world.until(async () => {
    listed = await reads();
    return listed.discontinuities > 0;
  }, 'the playlist goes on with what is relayed');
  assert.equal(listed.discontinuities, 1);
  assert.deepEqual(listed, parsePlaylist((await holder.get(playlist)).text));
});

it('when the packaging worker dies and the publisher comes back elsewhere, the next request finds the stream', async () => {
  await using world = new HlsWorld();
  const { holder, other, playlist } = await watchedElsewhere(world);
  const before = parsePlaylist((await other.get(playlist)).text);
  const msn = before.segments.at(-1)!.msn;
  const held = other.get(`${playlist}&_HLS_msn=${msn + 1}`);
  await world.world.until(() => holder.hls.waiting === 1, 'a reload is held');
  await holder.kill();
  await world.world.settle();
  world.world.nowMs += 2000;
  const back = await world.push(other);
  const source = new Source();
  world.feed(back, media(source, 0, 1000));
  await world.world.until(() => other.hls.waiting === 1, 'the held reload waits at the new place');
  world.feed(back, later(source, 1000, 3000));
  const { status, text } = await held;
  assert.equal(status, 200);
  assert.ok(parsePlaylist(text).mediaSequence > msn);
  const { lease } = await world.world.control.acquire<PackagerHolder>(leases.hls('show'), { worker: 'nobody' });
  assert.equal(lease, null, 'somebody packages it');
});

it('a worker that is asked for a stream another one packages does not ask on', async () => {
  await using world = new HlsWorld();
  const { holder, other } = await watchedElsewhere(world);
  holder.askedByWorkers.length = 0;
  const { status } = await other.getInternally('show/media.m3u8');
  assert.equal(status, 503);
  assert.deepEqual(holder.askedByWorkers, []);
});
