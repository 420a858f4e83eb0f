import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { type FfmpegPush, push } from './peers/ffmpeg.ts';
import { FlvClient, stepsBack } from './peers/flv-client.ts';
import { mediaPlaylist, openMaster, readMedia } from './peers/hls-client.ts';
import type { Program } from './peers/program.ts';
import { Program as AnyProgram } from './peers/program.ts';
import { isConfig, RtmpClient } from './peers/rtmp-client.ts';
import type { Channel } from './rest.ts';
import { until } from './until.ts';

const GRACE_MS = 3000;

let lianmai: Lianmai;
before(async () => {
  lianmai = await Lianmai.start({ workers: 2, settings: { 'publish-grace-ms': String(GRACE_MS) } });
});
after(() => lianmai?.stop());

const stateOf = async (channel: Channel) => (await lianmai.rest.channel(channel.id)).state;

/** A live channel with a player of each kind on it. */
async function watched(stream: string, options: FfmpegPush = {}) {
  const channel = await lianmai.rest.createChannel(stream);
  const publisher = push(channel.push.rtmp, options);
  await until('live', async () => (await stateOf(channel)) === 'live');
  const flv = await FlvClient.open(channel.play.flv);
  const ws = await FlvClient.open(channel.play.wsFlv);
  const rtmp = await RtmpClient.connect(lianmai.rtmpPort);
  await rtmp.play(stream);
  const { mediaUrl } = await openMaster(channel.play.hls);
  await Promise.all([flv.more(30, 9), ws.more(30, 9), until('RTMP plays', () => rtmp.timestamps(9).length > 30)]);
  return {
    channel,
    publisher,
    flv,
    ws,
    rtmp,
    mediaUrl,
    [Symbol.dispose]() {
      publisher.kill();
      for (const player of [flv, ws, rtmp]) player[Symbol.dispose]();
    },
  };
}

/** SIGKILL and the end of the process, so that its connection is closed without a goodbye. */
async function kill(publisher: Program): Promise<void> {
  publisher.kill('SIGKILL');
  await publisher.exit;
}

describe('a publisher killed and back within the grace', () => {
  it('FLV, WebSocket-FLV, RTMP and HLS players go on without reconnecting, and time never goes back', async () => {
    using show = await watched('comes-back');
    const { channel, flv, ws, rtmp } = show;
    const before = await mediaPlaylist(show.mediaUrl, 'a segment', ({ segments }) => segments.length >= 1);
    await kill(show.publisher);
    await until('interrupted', async () => (await stateOf(channel)) === 'interrupted', GRACE_MS);
    assert.equal(flv.end, null);

    await using _again = push(channel.push.rtmp);
    await Promise.all([flv.more(50, 9), ws.more(50, 9), flv.more(50, 8)]);
    const seenByRtmp = rtmp.timestamps(9).length;
    await until('RTMP goes on', () => rtmp.timestamps(9).length > seenByRtmp + 25);
    assert.deepEqual([flv.end, ws.end, rtmp.closed], [null, null, false]);
    for (const times of [
      flv.timestamps(9),
      flv.timestamps(8),
      ws.timestamps(9),
      rtmp.timestamps(9),
      rtmp.timestamps(8),
    ])
      assert.deepEqual(stepsBack(times), []);

    const then = await mediaPlaylist(
      show.mediaUrl,
      'two newer segments',
      ({ segments }) => (segments.at(-1)?.msn ?? 0) >= (before.segments.at(-1)?.msn ?? 0) + 2,
    );
    assert.equal(then.endList, false);
    assert.ok(then.mediaSequence >= before.mediaSequence);
    assert.equal(await stateOf(channel), 'live');
  });

  it('the first picture after the gap is a key frame, and changed headers come before it', async () => {
    using show = await watched('changes');
    const { channel, flv } = show;
    await kill(show.publisher);
    const seen = flv.tags.length;
    await using _again = push(channel.push.rtmp, { size: '480x270' });
    await flv.more(10, 9);
    const after = flv.tags.slice(seen).filter(({ type }) => type === 9);
    const header = after.findIndex((tag) => isConfig(tag));
    const firstNew = after.slice(header + 1).find((tag) => !isConfig(tag));
    assert.ok(header >= 0, 'a new sequence header');
    assert.equal((firstNew?.payload.readUInt8(0) ?? 0) >> 4, 1, 'then a key frame');
    const now = await until('the new size', async () => {
      const { video } = await lianmai.rest.channel(channel.id);
      return video?.width === 480 ? video : null;
    });
    assert.equal(now.height, 270);
    assert.deepEqual(stepsBack(flv.timestamps(9)), []);
  });

  it('twice in a row, a silent moment apart', async () => {
    using show = await watched('again-and-again');
    const { channel, flv } = show;
    let publisher = show.publisher;
    for (let i = 0; i < 2; i++) {
      await kill(publisher);
      publisher = push(channel.push.rtmp);
      await flv.more(30, 9);
    }
    await kill(publisher);
    assert.deepEqual(stepsBack(flv.timestamps(9)), []);
    assert.deepEqual(stepsBack(flv.timestamps(8)), []);
  });
});

describe('a publisher that stops sending without closing', () => {
  it('is interrupted, and live again when its bytes come again', async () => {
    const channel = await lianmai.rest.createChannel('frozen');
    await using publisher = push(channel.push.rtmp);
    using player = await until('it plays', () => FlvClient.open(channel.play.flv));
    await player.more(25, 9);
    publisher.kill('SIGSTOP');
    await until('interrupted', async () => (await stateOf(channel)) === 'interrupted');
    publisher.kill('SIGCONT');
    await until('live again', async () => (await stateOf(channel)) === 'live');
    await player.more(25, 9);
    assert.equal(player.end, null);
    assert.deepEqual(stepsBack(player.timestamps(9)), []);
  });
});

describe('a publisher that does not come back', () => {
  it('after the grace FLV ends cleanly, RTMP says UnpublishNotify and StreamEOF, HLS ends its list', async () => {
    using show = await watched('gone');
    const { channel, flv, ws, rtmp } = show;
    await kill(show.publisher);
    const killedAt = performance.now();
    assert.equal(await flv.ended(), 'clean');
    const tookMs = performance.now() - killedAt;
    assert.ok(tookMs > GRACE_MS * 0.9, `not before the grace is over: ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < GRACE_MS + 15_000, `soon after it: ${Math.round(tookMs)} ms`);
    assert.equal(await ws.ended(), 'clean');
    await rtmp.status((code) => code === 'NetStream.Play.UnpublishNotify');
    await until('StreamEOF', () => rtmp.events.includes(1));
    await mediaPlaylist(show.mediaUrl, 'ENDLIST', ({ endList }) => endList);
    await until('idle', async () => (await stateOf(channel)) === 'idle');
    assert.equal((await fetch(channel.play.flv)).status, 404);
  });
});

describe('a goodbye', () => {
  it('ends the stream at once, without the grace', async () => {
    using show = await watched('bye');
    const { flv, ws, rtmp } = show;
    // As encoders do it; FFmpeg 5.1 sends the same on SIGTERM.
    show.publisher.kill('SIGTERM');
    await show.publisher.ended();
    const goneAt = performance.now();
    assert.equal(await flv.ended(), 'clean');
    assert.ok(performance.now() - goneAt < GRACE_MS * 0.9, 'sooner than the grace');
    assert.equal(await ws.ended(), 'clean');
    await rtmp.status((code) => code === 'NetStream.Play.UnpublishNotify');
    const list = await mediaPlaylist(show.mediaUrl, 'ENDLIST', ({ endList }) => endList);
    assert.ok(list.segments.length > 0, 'what was made can still be played out');
    await readMedia(show.mediaUrl);
  });

  it('a player that FFmpeg plays ends by itself, and everything it got decodes', async () => {
    const channel = await lianmai.rest.createChannel('played-out');
    await using publisher = push(channel.push.rtmp);
    using probe = await until('it plays', () => FlvClient.open(channel.play.flv));
    await using player = new AnyProgram('ffmpeg', [
      ...['-v', 'error', '-nostdin', '-i', channel.play.rtmp],
      ...['-map', '0', '-f', 'framecrc', '-'],
    ]);
    await until('it decodes', () => player.stdout.split('\n').length > 60);
    await probe.more(10, 9);
    publisher.kill('SIGTERM');
    const { code, stderr } = await player.ended(10_000);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  });
});
