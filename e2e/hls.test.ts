import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { decode, push } from './peers/ffmpeg.ts';
import { download, getBytes, mediaPlaylist, openMaster, readMedia } from './peers/hls-client.ts';
import type { Program } from './peers/program.ts';
import { publishEnhanced } from './peers/test-publisher.ts';
import type { Channel } from './rest.ts';
import { until } from './until.ts';

let lianmai: Lianmai;
let channel: Channel;
let publisher: Program;
let dir: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lianmai-hls-'));
  lianmai = await Lianmai.start({ workers: 2 });
  channel = await lianmai.rest.createChannel('hls');
  publisher = push(channel.push.rtmp, { gop: 50 });
  await until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');
});
after(async () => {
  await publisher?.[Symbol.asyncDispose]();
  await lianmai?.stop();
  await rm(dir, { recursive: true, force: true });
});

async function decodeFile(bytes: Buffer, seconds: number) {
  const file = join(dir, `${Math.random().toString(36).slice(2)}.mp4`);
  await writeFile(file, bytes);
  return decode(file, seconds);
}

describe('playlists', () => {
  it('the multivariant playlist names codecs, size and bandwidth', async () => {
    const { text, attributes } = await openMaster(channel.play.hls);
    assert.ok(text.startsWith('#EXTM3U'));
    assert.match(attributes['CODECS'] ?? '', /^avc1\.[0-9a-fA-F]{6},mp4a\.40\.2$/);
    assert.equal(attributes['RESOLUTION'], '640x360');
    assert.ok(Number(attributes['BANDWIDTH']) > 0);
  });

  it('the media playlist has low-latency parts, dates and a preload hint', async () => {
    const { mediaUrl } = await openMaster(channel.play.hls);
    const playlist = await mediaPlaylist(mediaUrl, 'three segments', ({ segments }) => segments.length >= 3);
    assert.equal(playlist.serverControl['CAN-BLOCK-RELOAD'], 'YES');
    assert.ok(Number(playlist.serverControl['PART-HOLD-BACK']) >= 3 * (playlist.partTarget ?? Number.NaN));
    assert.ok(Number(playlist.serverControl['CAN-SKIP-UNTIL']) >= 6 * playlist.targetDuration);
    assert.ok(playlist.init);
    assert.ok(playlist.preloadHint);
    assert.ok(playlist.segments.every(({ duration }) => Math.round(duration) <= playlist.targetDuration));
    const parts = playlist.segments.flatMap((segment) => segment.parts);
    assert.ok(parts.length > 0);
    assert.ok(parts.every(({ duration }) => duration <= (playlist.partTarget ?? 0) + 0.0005));
    const dates = playlist.segments.flatMap(({ programDateTime }) => programDateTime ?? []).map(Date.parse);
    assert.equal(dates.length, playlist.segments.length);
    assert.ok(dates.every((at) => Math.abs(Date.now() - at) < 60_000));
  });

  it('segments are the sum of their parts', async () => {
    const { mediaUrl } = await openMaster(channel.play.hls);
    const playlist = await mediaPlaylist(mediaUrl, 'a segment with parts', ({ segments }) =>
      segments.some(({ parts }) => parts.length > 1),
    );
    const segment = playlist.segments.findLast(({ parts }) => parts.length > 1);
    assert.ok(segment?.parts[0]?.independent, 'it begins with a key frame');
    const joined = Buffer.concat(await Promise.all(segment.parts.map(({ url }) => getBytes(url))));
    assert.deepEqual(await getBytes(segment.url), joined);
    const sum = segment.parts.reduce((total, { duration }) => total + duration, 0);
    assert.ok(Math.abs(sum - segment.duration) < 0.01);
  });

  it('what the playlist lists decodes without an error, from the first byte on', async () => {
    const { mediaUrl } = await openMaster(channel.play.hls);
    const playlist = await mediaPlaylist(mediaUrl, 'three segments', ({ segments }) => segments.length >= 3);
    const seconds = playlist.segments.reduce((sum, { duration }) => sum + duration, 0);
    const { videoFrames, audioFrames } = await decodeFile(await download(playlist), 60);
    assert.ok(Math.abs(videoFrames / 25 - seconds) < 0.2, `${videoFrames} pictures in ${seconds} s`);
    assert.ok(audioFrames > seconds * 40);
  });
});

describe('low latency', () => {
  it('a reload blocks until the asked part is there', async () => {
    const { mediaUrl } = await openMaster(channel.play.hls);
    const now = await mediaPlaylist(mediaUrl, 'a segment', ({ segments }) => segments.length >= 1);
    const msn = (now.segments.at(-1)?.msn ?? 0) + 1;
    const nextPart = now.openParts.length;
    const at = performance.now();
    const then = await readMedia(mediaUrl, { _HLS_msn: String(msn), _HLS_part: String(nextPart) });
    const tookMs = performance.now() - at;
    const has = then.segments.some((segment) => segment.msn > msn - 1) || then.openParts.length > nextPart;
    assert.ok(has, 'the answer has the part');
    // What does not come is answered when the wait is over, after 6 s.
    assert.ok(tookMs < 5000, `${Math.round(tookMs)} ms`);
    const whole = await readMedia(mediaUrl, { _HLS_msn: String(msn) });
    assert.ok(whole.segments.some((segment) => segment.msn === msn));
  });

  it('what cannot come soon is refused, not waited for', async () => {
    const { mediaUrl } = await openMaster(channel.play.hls);
    const far = new URL(mediaUrl);
    far.searchParams.set('_HLS_msn', String(2 ** 40));
    assert.equal((await fetch(far)).status, 400);
    far.searchParams.set('_HLS_msn', 'x');
    assert.equal((await fetch(far)).status, 400);
  });

  it('the hinted part can be asked for before it exists, and is the part of the next playlist', async () => {
    const { mediaUrl } = await openMaster(channel.play.hls);
    const now = await mediaPlaylist(mediaUrl, 'a hint', ({ preloadHint }) => preloadHint !== null);
    const bytes = await getBytes(now.preloadHint ?? '');
    assert.ok(bytes.length > 0);
    const then = await readMedia(mediaUrl);
    const listed = [...then.segments.flatMap(({ parts }) => parts), ...then.openParts].map(
      ({ url }) => new URL(url).pathname,
    );
    assert.ok(listed.includes(new URL(now.preloadHint ?? '').pathname));
  });

  it('a delta playlist leaves the old segments out', async () => {
    const { mediaUrl } = await openMaster(channel.play.hls);
    const full = await mediaPlaylist(mediaUrl, 'a full window', ({ segments }) => segments.length >= 6, 30_000);
    const delta = await readMedia(mediaUrl, { _HLS_skip: 'YES' });
    assert.ok(delta.text.length <= full.text.length);
    if (/#EXT-X-SKIP/.test(delta.text)) assert.ok(delta.segments.length < full.segments.length);
  });

  it('is less than two seconds behind live', async () => {
    const { mediaUrl } = await openMaster(channel.play.hls);
    const playlist = await mediaPlaylist(mediaUrl, 'a segment', ({ segments }) => segments.length >= 1);
    const last = playlist.segments.at(-1);
    assert.ok(last?.programDateTime);
    const openMs = playlist.openParts.reduce((sum, { duration }) => sum + duration * 1000, 0);
    const edgeMs = Date.parse(last.programDateTime) + last.duration * 1000 + openMs;
    const holdBackMs = Number(playlist.serverControl['PART-HOLD-BACK']) * 1000;
    const behindMs = Date.now() - edgeMs + holdBackMs;
    assert.ok(behindMs < 2000, `${Math.round(behindMs)} ms: the newest part and the hold-back together`);
  });
});

describe('other streams', () => {
  it('sound only: an audio-only rendition', async () => {
    const radio = await lianmai.rest.createChannel('radio');
    await using _publisher = push(radio.push.rtmp, { video: null });
    const master = await until('its playlist', () => openMaster(radio.play.hls));
    assert.equal(master.attributes['CODECS'], 'mp4a.40.2');
    assert.equal(master.attributes['RESOLUTION'], undefined);
    assert.ok((await decode(radio.play.hls, 3)).audioFrames > 100);
  });

  it('picture only', async () => {
    const silent = await lianmai.rest.createChannel('silent');
    await using _publisher = push(silent.push.rtmp, { audio: null });
    const master = await until('its playlist', () => openMaster(silent.play.hls));
    assert.match(master.attributes['CODECS'] ?? '', /^avc1\.[0-9a-fA-F]{6}$/);
    assert.ok((await decode(silent.play.hls, 3)).videoFrames > 30);
  });

  it('B-frames keep their order', async () => {
    const ordered = await lianmai.rest.createChannel('ordered');
    await using _publisher = push(ordered.push.rtmp, { video: 'h264-b-frames' });
    await until('its playlist', () => openMaster(ordered.play.hls));
    assert.ok((await decode(ordered.play.hls, 3)).videoFrames > 30);
  });

  it('H.265 in fragmented MP4 plays in Debian’s FFmpeg', async () => {
    const hevc = await lianmai.rest.createChannel('hevc');
    await using _publisher = publishEnhanced(hevc.push.rtmp, 'h265', 'aac');
    const master = await until('its playlist', () => openMaster(hevc.play.hls));
    assert.match(master.attributes['CODECS'] ?? '', /^hvc1\..*,mp4a\.40\.2$/);
    assert.ok((await decode(hevc.play.hls, 3)).videoFrames > 30);
  });

  it('AV1 and Opus in fragmented MP4', async () => {
    const av1 = await lianmai.rest.createChannel('av1');
    await using _publisher = publishEnhanced(av1.push.rtmp, 'av1', 'opus');
    const master = await until('its playlist', () => openMaster(av1.play.hls));
    assert.match(master.attributes['CODECS'] ?? '', /^av01\..*,opus$/i);
    assert.ok((await decode(av1.play.hls, 3)).videoFrames > 30);
  });
});

it('HLS viewers are counted by their session, and are gone when they stop asking', async () => {
  const { mediaUrl } = await openMaster(channel.play.hls);
  const other = await openMaster(channel.play.hls);
  assert.notEqual(new URL(mediaUrl).searchParams.get('session'), new URL(other.mediaUrl).searchParams.get('session'));
  await until('two are counted', async () => {
    await Promise.all([readMedia(mediaUrl), readMedia(other.mediaUrl)]);
    return ((await lianmai.rest.channel(channel.id)).viewersByProtocol?.['hls'] ?? 0) >= 2;
  });
});
