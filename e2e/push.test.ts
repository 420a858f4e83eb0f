import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { decodeWithFfmpeg8 } from './peers/decode.ts';
import { decode, type FfmpegPush, push } from './peers/ffmpeg.ts';
import { FlvClient, stepsBack } from './peers/flv-client.ts';
import { pushByGstreamer } from './peers/gstreamer.ts';
import { NginxRtmp } from './peers/nginx-rtmp.ts';
import { RtmpClient } from './peers/rtmp-client.ts';
import { publishEnhanced } from './peers/test-publisher.ts';
import type { Channel } from './rest.ts';
import { until } from './until.ts';

let lianmai: Lianmai;
before(async () => {
  lianmai = await Lianmai.start();
});
after(() => lianmai?.stop());

/** Waits until the channel's figures show these codecs. */
function live(channel: Channel, video: string | null, audio: string | null): Promise<Channel> {
  return until(`${channel.stream} is live with ${video} and ${audio}`, async () => {
    const now = await lianmai.rest.channel(channel.id);
    const same = (now.video?.codec ?? null) === video && (now.audio?.codec ?? null) === audio;
    return now.state === 'live' && same ? now : null;
  });
}

describe('encoders', () => {
  const pushes: [name: string, options: FfmpegPush, video: string | null, audio: string | null][] = [
    ['H.264 and AAC', {}, 'h264', 'aac'],
    ['H.264 with B-frames', { video: 'h264-b-frames' }, 'h264', 'aac'],
    ['sound only', { video: null }, null, 'aac'],
    ['picture only', { audio: null }, 'h264', null],
    ['H.264 and MP3', { audio: 'mp3' }, 'h264', 'mp3'],
  ];
  for (const [i, [name, options, video, audio]] of pushes.entries())
    it(`FFmpeg pushes ${name}; a player decodes it`, async () => {
      const channel = await lianmai.rest.createChannel(`ffmpeg-${i}`);
      await using _publisher = push(channel.push.rtmp, options);
      const now = await live(channel, video, audio);
      if (video) assert.deepEqual([now.video?.width, now.video?.height], [640, 360]);
      if (audio) assert.equal(now.audio?.sampleRate, 44_100);
      // With one track only, FFmpeg would look for the other one for 5 s.
      const decoded = await decode(channel.play.flv, 2, '-analyzeduration', '1000000');
      if (video) assert.ok(decoded.videoFrames >= 40, `${decoded.videoFrames} pictures in 2 s`);
      if (audio) assert.ok(decoded.audioFrames >= 60, `${decoded.audioFrames} audio frames in 2 s`);
    });

  for (const [video, audio] of [
    ['h265', 'aac'],
    ['av1', 'opus'],
    ['h264', 'opus'],
    [null, 'opus'],
  ] as const)
    it(`enhanced RTMP brings ${video ?? 'no picture'} and ${audio}; FFmpeg 8 decodes it`, async () => {
      const channel = await lianmai.rest.createChannel(`enhanced-${video}-${audio}`);
      await using _publisher = publishEnhanced(channel.push.rtmp, video, audio);
      const now = await live(channel, video, audio);
      if (video) assert.deepEqual([now.video?.width, now.video?.height], [480, 270]);
      using player = await FlvClient.open(channel.play.flv);
      await player.more(60, video ? 9 : 8);
      const tracks = await decodeWithFfmpeg8(player.file());
      assert.equal(tracks.length, video ? 2 : 1);
      assert.ok(tracks.every(({ frames }) => frames >= 50));
    });

  it('timestamps that outgrow 24 bits go on without a step', async () => {
    const channel = await lianmai.rest.createChannel('long');
    await using _publisher = push(channel.push.rtmp, { fromS: 2 ** 24 / 1000 - 2 });
    using flv = await until('it plays', () => FlvClient.open(channel.play.flv));
    using rtmp = await RtmpClient.connect(lianmai.rtmpPort);
    assert.equal((await rtmp.play('long')).code, 'NetStream.Play.Start');
    await flv.more(100, 9);
    await until('RTMP too', () => rtmp.timestamps(9).length >= 75);
    for (const times of [flv.timestamps(9), rtmp.timestamps(9)]) {
      const steps = times.map((at, i) => (i === 0 ? 40 : at - times[i - 1]!));
      assert.ok(
        steps.every((step) => step > 0 && step <= 80),
        `steps of ${Math.min(...steps)} to ${Math.max(...steps)} ms`,
      );
    }
  });

  it("GStreamer's rtmp2sink pushes, and its goodbye ends the stream at once", async () => {
    const channel = await lianmai.rest.createChannel('gstreamer');
    await using publisher = pushByGstreamer(channel.push.rtmp);
    await live(channel, 'h264', 'aac');
    const { videoFrames } = await decode(channel.play.flv, 1);
    assert.ok(videoFrames >= 20);
    publisher.kill('SIGINT');
    await until('idle', async () => (await lianmai.rest.channel(channel.id)).state === 'idle', 6000);
  });

  it('nginx-rtmp relays a push in', async () => {
    const channel = await lianmai.rest.createChannel('nginx');
    await using nginx = await NginxRtmp.relaying(channel.push.rtmp);
    await using _publisher = push(nginx.url);
    await live(channel, 'h264', 'aac');
    const { videoFrames, audioFrames } = await decode(channel.play.flv, 2);
    assert.ok(videoFrames >= 40 && audioFrames >= 60);
  });
});

describe('who may push', () => {
  const secretFor = (key: string, stream: string, txTime: string) =>
    createHash('md5')
      .update(key + stream + txTime)
      .digest('hex');
  const pushKeys = async (channel: Channel) => {
    const { appId } = await lianmai.rest.ok<{ appId: string }>('GET', `/v1/channels/${channel.id}`);
    const { pushKeys } = await lianmai.rest.ok<{ pushKeys: { main: string; backup: string | null } }>(
      'GET',
      `/v1/apps/${appId}`,
    );
    return { appId, ...pushKeys };
  };
  /** How the server answers a push with this stream key. */
  const tryPush = async (streamKey: string) => {
    using client = await RtmpClient.connect(lianmai.rtmpPort);
    const answer = await client.publish(streamKey);
    await client.sayGoodbye();
    return answer;
  };

  it('a second publisher is refused with 40000415, and the first one goes on untouched', async () => {
    const channel = await lianmai.rest.createChannel('exclusive');
    await using _first = push(channel.push.rtmp);
    using player = await until('it plays', () => FlvClient.open(channel.play.flv));
    await player.more(25, 9);
    // Several, so that both workers are asked.
    for (let i = 0; i < 6; i++) {
      const refusal = await tryPush(channel.push.streamKey);
      assert.equal(refusal.code, 'NetStream.Publish.BadName');
      assert.equal(refusal.level, 'error');
      assert.match(refusal.description, /40000415/);
      // Who may not publish it is not even told that somebody does.
      const stranger = await tryPush('exclusive?txSecret=00000000000000000000000000000000&txTime=7FFFFFFF');
      assert.equal(stranger.code, 'NetStream.Publish.Unauthorized');
    }
    await using second = push(channel.push.rtmp);
    const { code, stderr } = await second.ended();
    assert.notEqual(code, 0, 'ffmpeg gives up');
    assert.notEqual(stderr, '');
    await player.more(25, 9);
    assert.equal(player.end, null);
    const times = player.timestamps(9);
    const longestStep = Math.max(...times.map((at, i) => (i === 0 ? 0 : at - times[i - 1]!)));
    assert.ok(longestStep <= 80, `no picture is missing; the longest step is ${longestStep} ms`);
    assert.deepEqual(stepsBack(times), []);
  });

  it('a missing, wrong or expired signature is refused as unauthorized', async () => {
    const channel = await lianmai.rest.createChannel('signed');
    const { main } = await pushKeys(channel);
    const past = '5C271099';
    const future = Math.floor(Date.now() / 1000 + 600)
      .toString(16)
      .toUpperCase();
    const wrong = `signed?txSecret=${secretFor('another key', 'signed', future)}&txTime=${future}`;
    const expired = `signed?txSecret=${secretFor(main, 'signed', past)}&txTime=${past}`;
    const ofAnother = `signed?txSecret=${secretFor(main, 'exclusive', future)}&txTime=${future}`;
    for (const streamKey of ['signed', wrong, expired, ofAnother]) {
      const refusal = await tryPush(streamKey);
      assert.equal(refusal.code, 'NetStream.Publish.Unauthorized', streamKey);
      assert.match(refusal.description, /40300002/);
    }
    const accepted = await tryPush(`signed?txSecret=${secretFor(main, 'signed', future)}&txTime=${future}`);
    assert.equal(accepted.code, 'NetStream.Publish.Start');
  });

  it('a channel that is open takes a push by its name alone', async () => {
    const channel = await lianmai.rest.createChannel('open', { pushAuth: 'open' });
    assert.equal(channel.push.rtmp, `${lianmai.rtmp}/live/open`);
    assert.equal((await tryPush('open')).code, 'NetStream.Publish.Start');
  });

  it('an unknown stream is refused by its name', async () => {
    const refusal = await tryPush('nobody-made-this');
    assert.equal(refusal.code, 'NetStream.Publish.Denied');
    assert.match(refusal.description, /40400002/);
  });

  it('a URL signed before a rotation is good for one more: its key is the backup', async () => {
    const account = await lianmai.rest.ok<{ id: string }>('POST', '/v1/accounts', { name: 'rotating' });
    const app = await lianmai.rest.ok<{ id: string }>('POST', '/v1/apps', { accountId: account.id, name: 'rotating' });
    const channel = await lianmai.rest.createChannel('rotated', { appId: app.id });
    const rotate = () => lianmai.rest.ok('POST', `/v1/apps/${app.id}/push-keys/rotate`);
    await rotate();
    assert.equal((await tryPush(channel.push.streamKey)).code, 'NetStream.Publish.Start');
    await until('idle', async () => (await lianmai.rest.channel(channel.id)).state === 'idle', 12_000);
    await rotate();
    assert.equal((await tryPush(channel.push.streamKey)).code, 'NetStream.Publish.Unauthorized');
    const fresh = await lianmai.rest.channel(channel.id);
    assert.equal((await tryPush(fresh.push.streamKey)).code, 'NetStream.Publish.Start');
  });

  it("an account's state decides, and stops what runs", async () => {
    const account = await lianmai.rest.ok<{ id: string }>('POST', '/v1/accounts', { name: 'tenant', channelQuota: 1 });
    const app = await lianmai.rest.ok<{ id: string }>('POST', '/v1/apps', { accountId: account.id, name: 'tenant' });
    const other = await lianmai.rest.ok<{ id: string }>('POST', '/v1/apps', { accountId: account.id, name: 'other' });
    const channel = await lianmai.rest.createChannel('tenant', { appId: app.id });
    const second = await lianmai.rest.call<{ error: { code: number } }>('POST', '/v1/channels', {
      name: 'too many',
      appId: other.id,
    });
    assert.deepEqual([second.status, second.body.error.code], [403, 20101]);

    await using publisher = push(channel.push.rtmp);
    using player = await until('it plays', () => FlvClient.open(channel.play.flv));
    const change = (body: Record<string, unknown>) => lianmai.rest.ok('PATCH', `/v1/accounts/${account.id}`, body);
    await change({ status: 'suspended' });
    await publisher.ended();
    assert.equal(await player.ended(), 'clean');
    const refusedWith = async (code: number) => {
      const refusal = await tryPush(channel.push.streamKey);
      assert.equal(refusal.code, 'NetStream.Publish.Denied');
      assert.match(refusal.description, new RegExp(`\\b${code}\\b`));
    };
    await refusedWith(40300003);
    await change({ status: 'disabled' });
    await refusedWith(20318);
    await change({ status: 'active', trafficPackageBytes: 1000, trafficUsedBytes: 1000 });
    await refusedWith(20406);
    await change({ trafficPackageBytes: null });
    assert.equal((await tryPush(channel.push.streamKey)).code, 'NetStream.Publish.Start');
  });

  it('the API sends a publisher away', async () => {
    const channel = await lianmai.rest.createChannel('disconnected');
    await using publisher = push(channel.push.rtmp);
    using player = await until('it plays', () => FlvClient.open(channel.play.flv));
    const answer = await lianmai.rest.call('POST', `/v1/channels/${channel.id}/disconnect`);
    assert.ok(answer.status < 300);
    await publisher.ended();
    assert.equal(await player.ended(5000), 'clean');
  });
});
