import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Lianmai } from './lianmai.ts';
import { decode, probe, push } from './peers/ffmpeg.ts';
import { FlvClient, stepsBack } from './peers/flv-client.ts';
import type { Program } from './peers/program.ts';
import { isConfig, RtmpClient } from './peers/rtmp-client.ts';
import type { Channel, ErrorAnswer } from './rest.ts';
import { until } from './until.ts';

let lianmai: Lianmai;
let channel: Channel;
let publisher: Program;

before(async () => {
  lianmai = await Lianmai.start({ workers: 2 });
  channel = await lianmai.rest.createChannel('show');
  publisher = push(channel.push.rtmp, { gop: 50 });
  await until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');
});
after(async () => {
  await publisher?.[Symbol.asyncDispose]();
  await lianmai?.stop();
});

const isKey = (payload: Buffer) => payload.readUInt8(0) >> 4 === 1;

describe('FFmpeg plays and decodes without a complaint', () => {
  for (const [name, address] of [
    ['RTMP', () => channel.play.rtmp],
    ['HTTP-FLV', () => channel.play.flv],
    ['HLS', () => channel.play.hls],
  ] as const)
    it(name, async () => {
      const { videoFrames, audioFrames } = await decode(address(), 3);
      assert.ok(videoFrames >= 60, `${videoFrames} pictures in 3 s`);
      assert.ok(audioFrames >= 100, `${audioFrames} audio frames in 3 s`);
    });

  it('finds the tracks as they were pushed', async () => {
    for (const url of [channel.play.rtmp, channel.play.flv, channel.play.hls]) {
      const tracks = await probe(url);
      const video = tracks.find((track) => track.codec_type === 'video');
      const audio = tracks.find((track) => track.codec_type === 'audio');
      assert.deepEqual([video?.codec_name, video?.width, video?.height], ['h264', 640, 360], url);
      assert.deepEqual([audio?.codec_name, audio?.sample_rate], ['aac', '44100'], url);
    }
  });
});

describe('FLV over HTTP and WebSocket', () => {
  for (const [name, address] of [
    ['HTTP', () => channel.play.flv],
    ['WebSocket', () => channel.play.wsFlv],
  ] as const)
    it(`${name}: a newcomer gets headers, then the newest key frame, then time that never goes back`, async () => {
      using player = await FlvClient.open(address());
      await player.more(60, 9);
      assert.equal(player.header.toString('latin1', 0, 4), 'FLV\x01');
      const pictures = player.tags.filter(({ type }) => type === 9);
      assert.ok(pictures[0] && isConfig(pictures[0]), 'the first is the sequence header');
      assert.ok(pictures[1] && isKey(pictures[1].payload), 'the second is a key frame');
      assert.equal(player.tags.filter((tag) => tag.type === 9 && isConfig(tag)).length, 1, 'no header comes twice');
      assert.deepEqual(stepsBack(player.timestamps(9)), []);
      assert.deepEqual(stepsBack(player.timestamps(8)), []);
      assert.equal(new Set(player.timestamps(9)).size, player.timestamps(9).length, 'no picture comes twice');
    });

  it('a newcomer sees its first key frame at once, out of the cache', async () => {
    const askedAt = performance.now();
    using player = await FlvClient.open(channel.play.flv);
    await until('a key frame', () => player.tags.find((tag) => tag.type === 9 && !isConfig(tag)));
    const tookMs = performance.now() - askedAt;
    assert.ok(tookMs < 1000, `${Math.round(tookMs)} ms; the next key frame may be 2 s away`);
  });

  it('answers other sites: CORS is open', async () => {
    const preflight = await fetch(channel.play.flv, {
      method: 'OPTIONS',
      headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'GET' },
    });
    assert.ok(preflight.ok);
    assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
    const head = await fetch(channel.play.flv, { method: 'HEAD', headers: { origin: 'https://elsewhere.example' } });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('access-control-allow-origin'), '*');
    assert.match(head.headers.get('content-type') ?? '', /video\/x-flv/);
  });
});

describe('RTMP', () => {
  it('begins with StreamBegin, metadata, headers and a key frame, all bytes on one message stream', async () => {
    using player = await RtmpClient.connect(lianmai.rtmpPort);
    assert.equal((await player.play('show')).code, 'NetStream.Play.Start');
    await until('a second of pictures', () => player.timestamps(9).length > 25);
    assert.ok(player.events.includes(0));
    const pictures = player.media.filter(({ type }) => type === 9);
    assert.ok(pictures[0] && isConfig(pictures[0]));
    assert.ok(pictures[1] && isKey(pictures[1].payload));
    assert.ok(player.media.some(({ type, payload }) => type === 18 && payload.includes('onMetaData')));
    assert.ok(player.media.every(({ payload }) => !payload.includes('@setDataFrame')));
    assert.deepEqual([...new Set(player.media.map(({ streamId }) => streamId))], [1]);
    assert.deepEqual(stepsBack(player.timestamps(9)), []);
  });

  it('pause stops the media and going on starts at a key frame', async () => {
    using player = await RtmpClient.connect(lianmai.rtmpPort);
    await player.play('show');
    await until('media', () => player.timestamps(9).length > 10);
    player.command(1, 'pause', 0, null, true, 0);
    assert.equal((await player.status((code) => code.includes('Pause'))).code, 'NetStream.Pause.Notify');
    const seen = player.media.length;
    using other = await FlvClient.open(channel.play.flv);
    await other.more(25, 9);
    assert.ok(player.media.length - seen <= 5, 'nothing comes while paused');
    const paused = player.media.length;
    player.command(1, 'pause', 0, null, false, 0);
    await player.status((code) => code === 'NetStream.Unpause.Notify');
    await until('media again', () => player.media.length > paused + 10);
    const next = player.media.slice(paused).find((m) => m.type === 9 && !isConfig(m));
    assert.ok(next && isKey(next.payload), 'the first picture after the pause is a key frame');
    assert.deepEqual(stepsBack(player.timestamps(9)), []);
  });

  it('receiveVideo false leaves the sound alone; receiveAudio false the picture', async () => {
    using player = await RtmpClient.connect(lianmai.rtmpPort);
    await player.play('show');
    await until('media', () => player.timestamps(9).length > 10);
    player.command(1, 'receiveVideo', 0, null, false);
    await until('sound without pictures', () => player.media.slice(-20).every(({ type }) => type === 8));
    player.command(1, 'receiveVideo', 0, null, true);
    player.command(1, 'receiveAudio', 0, null, false);
    await until('pictures without sound', () => player.media.slice(-20).every(({ type }) => type === 9));
    assert.deepEqual(stepsBack(player.timestamps(9)), []);
  });
});

describe('what does not play', () => {
  it('a stream that is not live: 404 with the error body, RTMP StreamNotFound', async () => {
    await lianmai.rest.createChannel('quiet');
    for (const stream of ['quiet', 'unknown'])
      for (const kind of ['flv', 'm3u8']) {
        const response = await fetch(`${lianmai.http}/live/${stream}.${kind}`);
        const body = (await response.json()) as ErrorAnswer;
        assert.deepEqual([response.status, body.error.name], [404, 'STREAM_NOT_LIVE']);
        assert.equal(response.headers.get('access-control-allow-origin'), '*');
      }
    using player = await RtmpClient.connect(lianmai.rtmpPort);
    assert.equal((await player.play('quiet')).code, 'NetStream.Play.StreamNotFound');
    await assert.rejects(FlvClient.open(`${lianmai.http.replace('http', 'ws')}/live/quiet.flv`));
  });

  it('a channel with signed play: only with a signature of its app', async () => {
    const signed = await lianmai.rest.createChannel('members', { playAuth: 'signed' });
    await using _publisher = push(signed.push.rtmp);
    await until('live', async () => (await lianmai.rest.channel(signed.id)).state === 'live');
    const bare = `${lianmai.http}/live/members`;
    for (const kind of ['flv', 'm3u8']) {
      const refused = await fetch(`${bare}.${kind}`);
      assert.deepEqual([refused.status, ((await refused.json()) as ErrorAnswer).error.code], [403, 40300002]);
    }
    using player = await RtmpClient.connect(lianmai.rtmpPort);
    assert.equal((await player.play('members')).code, 'NetStream.Play.Failed');

    assert.match(signed.play.flv, /txSecret=[0-9a-f]{32}&txTime=[0-9A-F]+/);
    assert.ok((await decode(signed.play.flv, 1)).videoFrames >= 20);
    assert.ok((await decode(signed.play.rtmp, 1)).videoFrames >= 20);
    assert.ok((await decode(signed.play.hls, 2)).videoFrames >= 40, 'HLS carries the signature on into its segments');
    const expired = createHash('md5').update('x').digest('hex');
    assert.equal((await fetch(`${bare}.flv?txSecret=${expired}&txTime=5C271099`)).status, 403);
  });
});

describe('two workers', () => {
  it('viewers on both play the same stream, whichever worker holds it, for one relay', async () => {
    const viewersByWorker = async () => {
      const text = await lianmai.metrics();
      return new Map(
        [...text.matchAll(/^lianmai_viewers\{([^}]*)\} (\d+)/gm)]
          .filter(([, labels]) => /protocol="flv"/.test(labels ?? ''))
          .map(([, labels, count]) => [/process="([^"]+)"/.exec(labels ?? '')?.[1] ?? '', Number(count)]),
      );
    };
    const players: FlvClient[] = [];
    try {
      await until('both workers have viewers', async () => {
        players.push(await FlvClient.open(channel.play.flv));
        const viewers = await viewersByWorker();
        return (viewers.get('edge-0') ?? 0) >= 2 && (viewers.get('edge-1') ?? 0) >= 2;
      });
      await Promise.all(players.map((player) => player.more(50, 9)));
      for (const player of players) {
        const first = player.tags.find((tag) => tag.type === 9 && !isConfig(tag));
        assert.ok(first && isKey(first.payload));
        assert.deepEqual(stepsBack(player.timestamps(9)), []);
        assert.equal(player.end, null);
      }
      await until('one relay for all of them', () => lianmai.relays() === 1);
      const shown = await until('the channel counts them all', async () => {
        const now = await lianmai.rest.channel(channel.id);
        return now.viewersByProtocol?.['flv'] === players.length ? now : null;
      });
      assert.equal(shown.viewers, players.length);
    } finally {
      for (const player of players) player[Symbol.dispose]();
    }
    await until('nobody is left', async () => ((await lianmai.rest.channel(channel.id)).viewers ?? 0) === 0);
  });
});
