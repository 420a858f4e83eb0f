/** Playing over RTMP: what players ask, what they are told, which frames they get. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { LiveError } from '@lianmai/contract';
import { decodeAmf0 } from '@lianmai/media/amf';
import { command, MESSAGE, parseUserControl, type RtmpMessage, USER_CONTROL } from '@lianmai/media/rtmp';
import { capturedMedia } from './testing/capture.ts';
import { openEdge, type TestEdge } from './testing/edge.ts';
import { RtmpPeer } from './testing/rtmp-peer.ts';

const media = capturedMedia('ffmpeg-h264-aac');
const find = (type: number, first: number, second: number): Buffer =>
  media.find((message) => message.type === type && message.body[0] === first && message.body[1] === second)!.body;
const METADATA = media.find(({ type }) => type === MESSAGE.dataAmf0)!.body;
const CONFIG = find(MESSAGE.video, 0x17, 0);
const KEY = find(MESSAGE.video, 0x17, 1);
const INTER = find(MESSAGE.video, 0x27, 1);
const AAC_CONFIG = find(MESSAGE.audio, 0xaf, 0);
const SOUND = find(MESSAGE.audio, 0xaf, 1);

interface Scene {
  edge: TestEdge;
  publisher: RtmpPeer;
  /** Sends a key frame, an inter frame and a sound. */
  gop(atMs: number): void;
}

async function live(t: TestContext): Promise<Scene> {
  const edge = await openEdge(t);
  const publisher = await RtmpPeer.publishing(edge.port, 'cam');
  publisher.say({ type: MESSAGE.dataAmf0, streamId: 1, timestamp: 0, body: METADATA });
  publisher.media('video', 0, CONFIG);
  publisher.media('audio', 0, AAC_CONFIG);
  const gop = (atMs: number) => {
    publisher.media('video', atMs, KEY);
    publisher.media('video', atMs + 40, INTER);
    publisher.media('audio', atMs + 41, SOUND);
  };
  gop(0);
  return { edge, publisher, gop };
}

const is = (type: 'audio' | 'video', body: Buffer) => (message: RtmpMessage) =>
  message.type === MESSAGE[type] && message.body.equals(body);
const isControl = (event: number) => (message: RtmpMessage) => {
  const control = message.type === MESSAGE.userControl ? parseUserControl(message) : null;
  return control !== null && 'event' in control && control.event === event;
};
const mediaHeard = (peer: RtmpPeer, from = 0) =>
  peer.heard.slice(from).filter(({ type }) => type === MESSAGE.audio || type === MESSAGE.video);

describe('a player', () => {
  test('gets the statuses, metadata, configurations and the newest GOP, in this order', async (t) => {
    const { edge, gop } = await live(t);
    const peer = await RtmpPeer.playing(edge.port, 'cam');
    await peer.message(is('audio', SOUND));
    const begin = peer.heard.findIndex(isControl(USER_CONTROL.streamBegin));
    const after = peer.heard.slice(begin + 1);
    assert.deepEqual(
      peer
        .summary()
        .split(' ')
        .slice(begin + 1, begin + 3),
      ['NetStream.Play.Reset', 'NetStream.Play.Start'],
    );
    const data = after.filter(({ type }) => type === MESSAGE.dataAmf0).map(({ body }) => decodeAmf0(body));
    assert.deepEqual(data[0], ['|RtmpSampleAccess', true, true]);
    assert.ok(Array.isArray(data[1]) && data[1][0] === 'onMetaData');
    const bodies = mediaHeard(peer).map(({ body }) => body);
    assert.deepEqual(bodies, [CONFIG, AAC_CONFIG, KEY, INTER, SOUND]);
    gop(2000);
    assert.ok((await peer.message(is('video', KEY))).timestamp >= 2000);
  });

  test('is not told of a reset when it goes on with its list', async (t) => {
    const { edge } = await live(t);
    const peer = await RtmpPeer.connected(edge.port);
    peer.send('play', null, 'cam', -2000, -1, false);
    await peer.status('NetStream.Play.Start');
    assert.ok(!peer.summary().includes('Play.Reset'));
  });

  test('counts as a viewer while it plays', async (t) => {
    const { edge } = await live(t);
    const peer = await RtmpPeer.playing(edge.port, 'cam');
    assert.deepEqual(edge.hub.audience(), { publishers: 1, viewers: { rtmp: 1 } });
    peer.send('closeStream');
    await peer.status('NetStream.Play.Stop');
    assert.equal(edge.hub.audience().viewers.rtmp ?? 0, 0);
  });

  test('that pauses gets nothing until it goes on, then goes on at the next key frame', async (t) => {
    const { edge, gop } = await live(t);
    const peer = await RtmpPeer.playing(edge.port, 'cam');
    const other = await RtmpPeer.playing(edge.port, 'cam');
    await peer.message(is('audio', SOUND));
    peer.send('pause', null, true, 0);
    await peer.status('NetStream.Pause.Notify');
    gop(2000);
    await other.message((message) => is('audio', SOUND)(message) && message.timestamp >= 2000);
    peer.send('pause', null, false, 0);
    await peer.status('NetStream.Unpause.Notify');
    gop(4000);
    await peer.message((message) => is('audio', SOUND)(message) && message.timestamp >= 4000);
    const frames = mediaHeard(peer).filter(({ body }) => body[1] === 1);
    assert.ok(frames.every(({ timestamp }) => timestamp < 2000 || timestamp >= 4000));
    assert.deepEqual(frames.find(({ timestamp }) => timestamp >= 4000)!.body, KEY);
  });

  test('that pauses shortly does not see its picture again', async (t) => {
    const { edge, gop } = await live(t);
    const peer = await RtmpPeer.playing(edge.port, 'cam');
    await peer.message(is('audio', SOUND));
    peer.send('pause', null, true, 0);
    peer.send('pause', null, false, 0);
    await peer.status('NetStream.Unpause.Notify');
    gop(2000);
    await peer.message((message) => is('audio', SOUND)(message) && message.timestamp >= 2000);
    assert.equal(mediaHeard(peer).filter(({ body }) => body.equals(KEY)).length, 2);
  });

  test('that wants no sound gets none, and goes on with a key frame when it wants something else', async (t) => {
    const { edge, gop } = await live(t);
    const peer = await RtmpPeer.playing(edge.port, 'cam');
    const until = (type: 'audio' | 'video', body: Buffer, ms: number) =>
      peer.message((message) => is(type, body)(message) && message.timestamp >= ms);
    /** A call that is answered after the one before it took effect. */
    const done = () => peer.call('getStreamLength', null, 'cam');
    peer.send('receiveAudio', null, false);
    await done();
    gop(2000);
    await until('video', INTER, 2000);
    peer.send('receiveAudio', null, true);
    await done();
    gop(4000);
    await until('audio', SOUND, 4000);
    peer.send('receiveVideo', null, false);
    await done();
    gop(6000);
    await until('audio', SOUND, 6000);
    const heard = (type: number) =>
      mediaHeard(peer)
        .filter((message) => message.type === type && message.body[1] === 1)
        .map(({ timestamp }) => Math.floor(timestamp / 2000) * 2000);
    assert.deepEqual(new Set(heard(MESSAGE.audio)), new Set([0, 4000, 6000]));
    assert.deepEqual(new Set(heard(MESSAGE.video)), new Set([0, 2000, 4000]));
  });

  test('that wants neither still hears of the end', async (t) => {
    const { edge, publisher } = await live(t);
    const peer = await RtmpPeer.playing(edge.port, 'cam');
    peer.send('receiveAudio', null, false);
    peer.send('receiveVideo', null, false);
    await peer.call('getStreamLength', null, 'cam');
    publisher.send('deleteStream', null, 1);
    await peer.status('NetStream.Play.UnpublishNotify');
  });

  test('that seeks is told it is done', async (t) => {
    const { edge } = await live(t);
    const peer = await RtmpPeer.playing(edge.port, 'cam');
    peer.send('seek', null, 1000);
    await peer.status('NetStream.Seek.Notify');
  });

  test('hears when the stream ends, and may play another', async (t) => {
    const { edge, publisher } = await live(t);
    const peer = await RtmpPeer.playing(edge.port, 'cam');
    publisher.send('FCUnpublish', null, 'cam');
    await peer.message(isControl(USER_CONTROL.streamEof));
    await peer.status('NetStream.Play.UnpublishNotify');
    await peer.status('NetStream.Play.Stop');
    publisher.send('publish', null, 'next', 'live');
    await publisher.status('NetStream.Publish.Start');
    peer.send('play', null, 'next');
    await peer.status('NetStream.Play.Start');
  });

  test('may come with play2', async (t) => {
    const { edge } = await live(t);
    const peer = await RtmpPeer.connected(edge.port);
    peer.send('play2', null, { streamName: 'cam' });
    await peer.message(is('video', KEY));
  });

  test('gets the length of a live stream: none', async (t) => {
    const { edge } = await live(t);
    const peer = await RtmpPeer.connected(edge.port);
    assert.deepEqual((await peer.call('getStreamLength', null, 'cam')).args, [null, 0]);
  });
});

describe('a player is refused', () => {
  test('when the stream is not live, and may ask again', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.connected(edge.port);
    peer.send('play', null, 'cam');
    assert.match(await peer.status('NetStream.Play.StreamNotFound'), /^40400003 STREAM_NOT_LIVE: /);
    await RtmpPeer.publishing(edge.port, 'cam');
    peer.send('play', null, 'cam');
    await peer.status('NetStream.Play.Start');
  });

  test('when its signature is wrong', async (t) => {
    const edge = await openEdge(t, {
      grant: () => ({ sessionId: 's', channelId: 'c', accountId: 'a', play: { signedWith: ['key'] } }),
    });
    await RtmpPeer.publishing(edge.port, 'cam');
    const peer = await RtmpPeer.connected(edge.port);
    peer.send('play', null, 'cam?txSecret=00&txTime=7FFFFFFF');
    assert.match(await peer.status('NetStream.Play.Failed'), /^40300002 BAD_SIGNATURE: /);
  });

  test('when the name is none, or the connection publishes', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.publishing(edge.port, 'cam');
    peer.send('play', null, 'a b');
    assert.match(await peer.status('NetStream.Play.Failed'), /^40000001/);
    peer.send('play', null, 'cam');
    assert.match(await peer.status('NetStream.Play.Failed'), /^40900001/);
  });

  test('without details when the server itself failed', async (t) => {
    const edge = await openEdge(t);
    edge.hub.play = () => {
      throw new TypeError('secret');
    };
    const peer = await RtmpPeer.connected(edge.port);
    peer.send('play', null, 'cam');
    assert.match(await peer.status('NetStream.Play.Failed'), /^50000001 INTERNAL: The server failed/);
    assert.ok(edge.log.some(({ msg, err }) => msg === 'the hub failed' && err !== undefined));
  });
});

test('closing the server tells players and publishers, then closes them', async (t) => {
  const { edge, publisher } = await live(t);
  const player = await RtmpPeer.playing(edge.port, 'cam');
  const closing = edge.server.close();
  await player.message(isControl(USER_CONTROL.streamEof));
  await player.status('NetStream.Play.UnpublishNotify');
  await publisher.status('NetConnection.Connect.Closed');
  await Promise.all([player.closed, publisher.closed, closing]);
  assert.equal(edge.server.sessions, 0);
  assert.equal(edge.limits.open, 0);
  assert.deepEqual(
    edge.log.filter(({ msg }) => msg.startsWith('rtmp closed')).map(({ msg }) => msg),
    ['rtmp closed: server shuts down', 'rtmp closed: server shuts down'],
  );
});

test('answers of the hub that come late are for a player that still is there', async (t) => {
  const edge = await openEdge(t);
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<never>();
  edge.hub.play = () => {
    asked.resolve();
    return answer.promise;
  };
  const peer = await RtmpPeer.connected(edge.port);
  peer.say(command('play', 0, [null, 'cam'], 1));
  await asked.promise;
  answer.reject(new LiveError('STREAM_NOT_LIVE', 'gone'));
  await peer.status('NetStream.Play.StreamNotFound');
});
