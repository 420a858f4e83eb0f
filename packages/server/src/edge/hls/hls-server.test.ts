import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { signTx } from '../../auth/tx-signature.ts';
import { HlsWorld } from './testing/hls-world.ts';
import { parsePlaylist } from './testing/playlist.ts';
import { Source } from './testing/source.ts';

const VIDEO = { config: 0, frameMs: 40, gopFrames: 50 } as const;
const AUDIO = { sound: 'aac48' } as const;

/** Seconds of media; the first key frame of each second stretch begins a segment. */
const seconds = (source: Source, startMs: number, count: number) =>
  source.stretch(startMs, { lengthMs: count * 1000, video: VIDEO, audio: AUDIO });

/** A stream that is packaged already, four seconds of it and a key frame more. */
async function packaged(world: HlsWorld) {
  const worker = await world.worker();
  const pusher = await world.push(worker);
  const source = new Source();
  world.feed(pusher, seconds(source, 0, 2));
  const opened = worker.open('show');
  await world.world.until(() => worker.hls.waiting === 1, 'the first request waits');
  world.feed(pusher, seconds(source, 2000, 2));
  const media = await opened;
  world.feed(pusher, seconds(source, 4000, 0.24));
  return { worker, pusher, source, media };
}

describe('playing', () => {
  it('begins with a multivariant playlist that says what it takes, and a session of its own', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    const { headers, text } = await worker.get('show.m3u8');
    assert.equal(headers['content-type'], 'application/vnd.apple.mpegurl');
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(
      text,
      /CODECS="avc1\.64000c,mp4a\.40\.2",RESOLUTION=320x180,FRAME-RATE=25\.000\nshow\/media\.m3u8\?session=/,
    );
    assert.notEqual(text.trimEnd().split('\n').at(-1), media);
  });

  it('the first request waits until a segment is complete', async () => {
    await using world = new HlsWorld();
    const worker = await world.worker();
    const pusher = await world.push(worker);
    const source = new Source();
    world.feed(pusher, seconds(source, 0, 1.8));
    let answered = false;
    const opened = worker.open('show').then((media) => {
      answered = true;
      return media;
    });
    const playlist = worker.get('show/media.m3u8');
    await world.world.until(() => worker.hls.waiting === 2, 'both wait');
    await world.pass(3000);
    assert.ok(!answered);
    world.feed(pusher, [source.picture(1800, true), source.sound('aac48', 1800)]);
    assert.match(await opened, /^show\/media\.m3u8\?session=/);
    assert.equal(parsePlaylist((await playlist).text).segments.length, 1);
  });

  it('a stream that has nothing to show for long is refused for now', async () => {
    await using world = new HlsWorld();
    const worker = await world.worker();
    await world.push(worker);
    const opened = worker.get('show.m3u8');
    await world.world.until(() => worker.hls.waiting === 1, 'the request waits');
    await world.pass(11_000);
    const { status, text } = await opened;
    assert.equal(status, 503);
    assert.equal(JSON.parse(text).error.name, 'UNAVAILABLE');
  });

  it('a stream that is not live is not found', async () => {
    await using world = new HlsWorld();
    const worker = await world.worker();
    for (const path of ['nobody.m3u8', 'nobody/media.m3u8', 'nobody/seg-1.m4s']) {
      const { status } = await worker.get(path);
      assert.equal(status, 404, path);
    }
  });

  it('media never change, playlists do, and say so to caches', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    const playlist = await worker.get(media);
    assert.equal(playlist.headers['cache-control'], 'public, max-age=1');
    const { segments, openParts } = parsePlaylist(playlist.text);
    for (const file of [segments[0]?.map, segments[0]?.uri, segments[0]?.parts[0], openParts[0]]) {
      const { status, headers, body } = await worker.get(`show/${file}`);
      assert.equal(status, 200);
      assert.equal(headers['content-type'], 'video/mp4');
      assert.match(headers['cache-control'] ?? '', /immutable/);
      assert.equal(Number(headers['content-length']), body.length);
    }
  });

  it('a segment is its parts, one after another', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    const { segments } = parsePlaylist((await worker.get(media)).text);
    for (const { uri, parts } of segments) {
      const bodies = await Promise.all(parts.map(async (part) => (await worker.get(`show/${part}`)).body));
      assert.deepEqual((await worker.get(`show/${uri}`)).body, Buffer.concat(bodies));
    }
  });

  it('playlists come compressed to those who take it', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    const plain = await worker.get(media);
    const small = await worker.get(media, { 'accept-encoding': 'br, gzip' });
    assert.equal(small.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(small.body).toString(), plain.text);
    const refused = await worker.get(media, { 'accept-encoding': 'gzip;q=0' });
    assert.equal(refused.headers['content-encoding'], undefined);
  });

  it('files that are none, or long gone, are not found', async () => {
    await using world = new HlsWorld();
    const { worker } = await packaged(world);
    for (const file of ['other.m3u8', 'seg-1.m4s', 'part-1.0.m4s', 'init-1.mp4', 'seg-x.m4s', 'audience'])
      assert.equal((await worker.get(`show/${file}`)).status, 404, file);
  });
});

describe('low latency', () => {
  it('a reload is held until the part is there, for all who wait with the same answer', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, source, media } = await packaged(world);
    const now = parsePlaylist((await worker.get(media)).text);
    const msn = now.segments.at(-1)!.msn + 1;
    const ask = `${media}&_HLS_msn=${msn}&_HLS_part=${now.openParts.length}`;
    let answered = 0;
    const answers = [1, 2, 3].map(() => worker.get(ask).finally(() => answered++));
    await world.world.until(() => worker.hls.waiting === 3, 'all wait');
    assert.equal(answered, 0);
    world.feed(
      pusher,
      seconds(source, 4240, 0.24)
        .filter(({ type }) => type !== 'config')
        .map((f) => ({ ...f, type: f.track === 'video' ? 'inter' : 'key' }) as typeof f),
    );
    const texts = (await Promise.all(answers)).map(({ text, headers }) => {
      assert.equal(headers['cache-control'], 'public, max-age=12');
      return text;
    });
    assert.equal(new Set(texts).size, 1);
    assert.ok(parsePlaylist(texts[0]!).openParts.length > now.openParts.length);
  });

  it('without a part, the reload is held until the segment is complete', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, source, media } = await packaged(world);
    const msn = parsePlaylist((await worker.get(media)).text).segments.at(-1)!.msn + 1;
    const answer = worker.get(`${media}&_HLS_msn=${msn}`);
    await world.world.until(() => worker.hls.waiting === 1, 'it waits');
    world.feed(pusher, seconds(source, 4240, 2).slice(2));
    world.feed(pusher, seconds(source, 6240, 0.5).slice(2));
    assert.equal(parsePlaylist((await answer).text).segments.at(-1)?.msn, msn);
  });

  it('what is there already, or was, is answered at once', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    const { segments, openParts } = parsePlaylist((await worker.get(media)).text);
    const { msn, parts } = segments.at(-1)!;
    for (const ask of [
      `_HLS_msn=${msn}`,
      `_HLS_msn=${msn - 1}&_HLS_part=3`,
      `_HLS_msn=${msn}&_HLS_part=${parts.length}`,
      `_HLS_msn=${msn + 1}&_HLS_part=${openParts.length - 1}`,
      '_HLS_msn=1&_HLS_part=99',
    ])
      assert.equal((await worker.get(`${media}&${ask}`)).status, 200, ask);
  });

  it('what will not come soon is refused', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    const msn = parsePlaylist((await worker.get(media)).text).segments.at(-1)!.msn;
    for (const ask of [`_HLS_msn=${msn + 3}`, `_HLS_msn=${msn + 1}&_HLS_part=40`, '_HLS_part=1', '_HLS_msn=x'])
      assert.equal((await worker.get(`${media}&${ask}`)).status, 400, ask);
  });

  it('while nothing comes, a held reload ends with what there is, and nobody keeps it', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    const now = await worker.get(media);
    const msn = parsePlaylist(now.text).segments.at(-1)!.msn;
    const answer = worker.get(`${media}&_HLS_msn=${msn + 1}`);
    await world.world.until(() => worker.hls.waiting === 1, 'it waits');
    await world.pass(7000);
    const { status, text, headers } = await answer;
    assert.equal(status, 200);
    assert.equal(text, now.text);
    assert.equal(headers['cache-control'], 'no-store');
  });

  it('the hinted part can be asked for before it is there', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, source, media } = await packaged(world);
    const { hint } = parsePlaylist((await worker.get(media)).text);
    const early = worker.get(`show/${hint}`);
    await world.world.until(() => worker.hls.waiting === 1, 'it waits');
    world.feed(pusher, seconds(source, 4240, 1).slice(2));
    const { status, body } = await early;
    assert.equal(status, 200);
    assert.deepEqual(body, (await worker.get(`show/${hint}`)).body);
  });

  it('a client that goes away waits no longer', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    const msn = parsePlaylist((await worker.get(media)).text).segments.at(-1)!.msn;
    const leaving = new AbortController();
    const asked = fetch(worker.url(`${media}&_HLS_msn=${msn + 1}`), { signal: leaving.signal });
    await world.world.until(() => worker.hls.waiting === 1, 'it waits');
    leaving.abort();
    await assert.rejects(asked);
    await world.world.until(() => worker.hls.waiting === 0, 'it is forgotten');
  });

  it('a delta playlist leaves old segments out, once the window is wide enough', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, source, media } = await packaged(world);
    for (let at = 4240; at < 40_000; at += 2000) world.feed(pusher, seconds(source, at, 2).slice(2));
    const full = await worker.get(media);
    const delta = await worker.get(`${media}&_HLS_skip=YES`);
    const { segments, openParts } = parsePlaylist(full.text);
    assert.equal(segments.length, 6);
    // Six segments of 2 s reach no further back than the skip boundary, until the open one pushes the first over it.
    assert.ok(openParts.length > 0 ? delta.text.length <= full.text.length : delta.text === full.text);
  });
});

describe('a stream', () => {
  it('keeps a sliding window, and segments a while longer', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, source, media } = await packaged(world);
    const [first] = parsePlaylist((await worker.get(media)).text).segments;
    let gone = 0;
    for (let at = 4240; gone === 0; at += 2000) {
      world.feed(pusher, seconds(source, at, 2).slice(2));
      const { mediaSequence, segments } = parsePlaylist((await worker.get(media)).text);
      assert.equal(segments[0]?.msn, mediaSequence);
      assert.ok(segments.length <= 6);
      const { status } = await worker.get(`show/${first!.uri}`);
      if (status === 404) gone = mediaSequence - first!.msn;
    }
    assert.ok(gone >= 7, `gone ${gone} segments after it began to slide`);
  });

  it('that ends is played out, then forgotten', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, media } = await packaged(world);
    const msn = parsePlaylist((await worker.get(media)).text).segments.at(-1)!.msn;
    const held = worker.get(`${media}&_HLS_msn=${msn + 1}`);
    await world.world.until(() => worker.hls.waiting === 1, 'it waits');
    world.end(pusher, 'unpublished');
    const { ended, hint, segments } = parsePlaylist((await held).text);
    assert.ok(ended && hint === null);
    assert.equal(segments.at(-1)?.msn, msn + 1);
    await world.pass(50_000);
    for (const { uri } of segments) assert.equal((await worker.get(`show/${uri}`)).status, 200);
    assert.ok(parsePlaylist((await worker.get(`${media}&_HLS_msn=${msn + 50}`)).text).ended);
    await world.pass(12_000);
    assert.equal((await worker.get(media)).status, 404);
  });

  it('that begins again has another presentation, with higher numbers; the old one can be played out', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, media } = await packaged(world);
    world.end(pusher, 'unpublished');
    const before = parsePlaylist((await worker.get(media)).text);
    const source = new Source();
    const again = await world.push(worker);
    world.feed(again, seconds(source, 0, 4.5));
    const opened = worker.open('show');
    await world.world.until(() => worker.hls.waiting === 1, 'it waits');
    world.feed(again, [source.picture(4500, true), source.sound('aac48', 4500)]);
    const after = parsePlaylist((await worker.get(await opened)).text);
    assert.ok(after.mediaSequence > before.segments.at(-1)!.msn);
    assert.ok(!after.ended);
    assert.equal((await worker.get(`show/${before.segments[0]!.uri}`)).status, 200);
  });

  it('whose publisher comes back goes on; its viewers see a break, not an end', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, media } = await packaged(world);
    world.end(pusher, 'vanished');
    await world.pass(3000);
    assert.ok(!parsePlaylist((await worker.get(media)).text).ended);
    const back = await world.push(worker);
    world.feed(back, seconds(new Source(), 50_000, 2.5));
    const { ended, discontinuities, segments } = parsePlaylist((await worker.get(media)).text);
    assert.ok(!ended);
    assert.equal(discontinuities, 1);
    assert.equal(new Set(segments.map(({ map }) => map)).size, 1, 'it is encoded as before');
  });

  it('whose publisher stays away ends after the grace', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, media } = await packaged(world);
    world.end(pusher, 'vanished');
    await world.pass(8000);
    assert.ok(parsePlaylist((await worker.get(media)).text).ended);
  });

  it('whose worker shuts down does not end for its viewers: they are to ask again, and reach another worker', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    const msn = parsePlaylist((await worker.get(media)).text).segments.at(-1)!.msn;
    const held = worker.get(`${media}&_HLS_msn=${msn + 1}`);
    await world.world.until(() => worker.hls.waiting === 1, 'it waits');
    await Promise.all([worker.hls.close(), worker.worker.hub.close()]);
    const { status, text } = await held;
    assert.equal(status, 503);
    assert.equal(JSON.parse(text).error.name, 'UNAVAILABLE');
  });

  it('that nobody asks for is not packaged any more, and starts anew when somebody does', async () => {
    await using world = new HlsWorld();
    const { worker, pusher, source, media } = await packaged(world);
    const before = parsePlaylist((await worker.get(media)).text);
    await world.pass(61_000);
    assert.equal((await worker.get(`show/${before.segments[0]!.uri}`)).status, 404);
    const opened = worker.get(media);
    await world.world.until(() => worker.hls.waiting === 1, 'it waits');
    world.feed(pusher, seconds(source, 5000, 3).slice(2));
    world.feed(pusher, seconds(source, 8000, 0.5).slice(2));
    assert.ok(parsePlaylist((await opened).text).mediaSequence > before.segments.at(-1)!.msn);
  });

  it('counts its viewers by their sessions while they ask, and meters what they get', async () => {
    await using world = new HlsWorld();
    const { worker, media } = await packaged(world);
    await Promise.all([worker.get(media), worker.get(await worker.open('show')), worker.get('show/media.m3u8')]);
    assert.equal(world.viewers(), 2);
    await world.pass(6000);
    await worker.get(media);
    await world.pass(6000);
    assert.equal(world.viewers(), 1);
    await world.pass(6000);
    assert.equal(world.viewers(), 0);
    const sent = world.world.reports.flatMap(({ streams }) => streams).reduce((sum, { bytesOut }) => sum + bytesOut, 0);
    assert.ok(sent > 3000, `${sent} bytes`);
  });
});

describe('signed playing', () => {
  const KEY = 'a key';

  it('asks for the signature at every address and carries it on', async () => {
    await using world = new HlsWorld();
    world.world.grant = () => ({ channelId: 'ch1', accountId: 'acc1', play: { signedWith: [KEY] } });
    const worker = await world.worker();
    const pusher = await world.push(worker);
    world.feed(pusher, seconds(new Source(), 0, 4.5));
    const signature = signTx(KEY, 'show', world.world.nowMs + 60_000);
    const wrong = signTx('another key', 'show', world.world.nowMs + 60_000);
    for (const query of ['', `?${wrong}`]) assert.equal((await worker.get(`show.m3u8${query}`)).status, 403);
    const opened = worker.open('show', `?${signature}&other=x`);
    await world.world.until(() => worker.hls.waiting === 1, 'it waits');
    world.feed(pusher, seconds(new Source(), 4500, 1).slice(2));
    const media = await opened;
    assert.ok(media.endsWith(`&${signature}`) && !media.includes('other'));
    const { segments, hint } = parsePlaylist((await worker.get(media)).text);
    for (const uri of [segments[0]!.map, segments[0]!.uri, hint!]) assert.ok(uri.endsWith(`?${signature}`), uri);
    assert.equal((await worker.get(`show/${segments[0]!.uri}`)).status, 200);
    for (const path of ['media.m3u8', segments[0]!.uri.split('?')[0]])
      assert.equal((await worker.get(`show/${path}`)).status, 403, path);
  });
});
