/** Publishing over RTMP: what encoders ask, what they are told, what arrives in the hub. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { LiveError, type PublishRequest } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import { type AmfValue, amfFields, encodeAmf0 } from '@lianmai/media/amf';
import {
  MESSAGE,
  parseNumber32,
  parseUserControl,
  USER_CONTROL,
  userControl,
  windowAckSize,
} from '@lianmai/media/rtmp';
import type { StreamSink } from '../hub/sink.ts';
import { capturedMedia } from './testing/capture.ts';
import { anyone, openEdge, type TestEdge } from './testing/edge.ts';
import { RtmpPeer } from './testing/rtmp-peer.ts';

const media = capturedMedia('ffmpeg-h264-aac');
const CONFIG = media.find(({ type, body }) => type === MESSAGE.video && body[1] === 0)!.body;
const PICTURE = media.find(({ type, body }) => type === MESSAGE.video && body[0] === 0x17 && body[1] === 1)!.body;
const AAC_CONFIG = media.find(({ type, body }) => type === MESSAGE.audio && body[1] === 0)!.body;
const SOUND = media.find(({ type, body }) => type === MESSAGE.audio && body[1] === 1)!.body;

/** Collects what a stream's receivers get. */
class Collector implements StreamSink {
  readonly frames: Frame[] = [];
  readonly ends = Promise.withResolvers<string>();
  readonly interruptions = Promise.withResolvers<void>();
  #wanted: { count: number; resolve(): void } | null = null;

  frame(frame: Frame): void {
    this.frames.push(frame);
    if (this.#wanted !== null && this.frames.length >= this.#wanted.count) this.#wanted.resolve();
  }

  interrupted(): void {
    this.interruptions.resolve();
  }

  ended(reason: string): void {
    this.ends.resolve(reason);
  }

  async has(count: number): Promise<Frame[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = { count, resolve };
    if (this.frames.length < count) await promise;
    return this.frames;
  }
}

async function collect(edge: TestEdge, stream: string): Promise<Collector> {
  const collector = new Collector();
  const live = await edge.hub.play({ stream, query: '', protocol: 'flv', ip: '' });
  live.attach(collector);
  return collector;
}

/** An edge that remembers what control was asked. */
async function listeningEdge(t: TestContext): Promise<{ edge: TestEdge; asked: PublishRequest[] }> {
  const asked: PublishRequest[] = [];
  const edge = await openEdge(t, {
    grant: (request) => {
      asked.push(request);
      return anyone(request);
    },
  });
  return { edge, asked };
}

describe('a publisher', () => {
  test('is answered call by call the way encoders expect', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.open(edge.port);
    const connected = await peer.call('connect', { app: 'live', tcUrl: 'rtmp://127.0.0.1/live', objectEncoding: 3 });
    assert.equal(connected.name, '_result');
    const info = amfFields(connected.args[1])!;
    assert.deepEqual([info['code'], info['objectEncoding']], ['NetConnection.Connect.Success', 3]);
    assert.deepEqual(
      peer.heard.slice(0, 3).map(({ type }) => type),
      [MESSAGE.windowAckSize, MESSAGE.setPeerBandwidth, MESSAGE.commandAmf0],
      'and a chunk size, which the reader keeps',
    );
    assert.equal((await peer.call('releaseStream', null, 'cam')).name, '_result');
    assert.equal((await peer.call('FCPublish', null, 'cam')).name, '_result');
    await peer.command(({ name }) => name === 'onFCPublish');
    assert.deepEqual((await peer.call('createStream', null)).args, [null, 1]);
    assert.deepEqual((await peer.call('_checkbw', null)).name, '_result');
    assert.equal((await peer.call('somethingElse', null)).name, '_error');
    peer.send('publish', null, 'cam', 'live');
    await peer.status('NetStream.Publish.Start');
    assert.equal((await peer.call('createStream', null)).name, '_error');
  });

  test('that asks in AMF3 is understood', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.open(edge.port);
    const amf3 = (...values: AmfValue[]) =>
      peer.say({
        type: MESSAGE.commandAmf3,
        streamId: 0,
        timestamp: 0,
        body: Buffer.concat([Buffer.of(0), encodeAmf0(values)]),
      });
    amf3('connect', 1, { app: 'live' });
    await peer.command(({ name }) => name === '_result');
    amf3('publish', 0, null, 'cam', 'live');
    await peer.status('NetStream.Publish.Start');
  });

  test('hears about enhanced RTMP when it asks', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.open(edge.port);
    const asked = { app: 'live', fourCcList: ['hvc1'], videoFourCcInfoMap: { '*': 1 }, capsEx: 15 };
    const info = amfFields((await peer.call('connect', asked)).args[1])!;
    assert.ok((info['fourCcList'] as AmfValue[]).includes('hvc1'));
    assert.equal(amfFields(info['videoFourCcInfoMap'])!['av01'], 4);
    assert.equal(info['audioFourCcInfoMap'], undefined);
    assert.equal(info['capsEx'], 0);
  });

  test('feeds its stream: configurations, pictures, sound, metadata', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.publishing(edge.port, 'cam');
    const collector = await collect(edge, 'cam');
    for (const message of media) peer.say(message);
    // All but the end of sequence.
    const frames = await collector.has(media.length - 1);
    const count = (track: string, type: string) => frames.filter((f) => f.track === track && f.type === type).length;
    assert.equal(count('data', 'config'), 1);
    assert.deepEqual([count('video', 'config'), count('video', 'key'), count('video', 'inter')], [1, 2, 48]);
    assert.deepEqual([count('audio', 'config'), count('audio', 'key')], [1, 88]);
    assert.ok(frames.some((frame) => frame.track === 'video' && frame.cts > 0));
  });

  for (const [what, info, name] of [
    ['the stream key', {}, 'cam?txSecret=abc&txTime=5C271099'],
    ['the application', { app: 'live?txSecret=abc&txTime=5C271099' }, 'cam'],
    ['tcUrl', { app: 'live/', tcUrl: 'rtmp://127.0.0.1:1935/live?txSecret=abc&txTime=5C271099' }, 'cam'],
    ['tcUrl, without an application', { app: '', tcUrl: 'rtmp://h/live?txSecret=abc&txTime=5C271099' }, 'cam'],
  ] as const) {
    test(`may sign in ${what}`, async (t) => {
      const { edge, asked } = await listeningEdge(t);
      await RtmpPeer.publishing(edge.port, name, info);
      const { stream, query, protocol, ip } = asked[0]!;
      const expected = { stream: 'cam', query: 'txSecret=abc&txTime=5C271099', protocol: 'rtmp', ip: '127.0.0.1' };
      assert.deepEqual({ stream, query, protocol, ip }, expected);
    });
  }

  test('goes on past the wrap of its clock', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.publishing(edge.port, 'radio');
    const collector = await collect(edge, 'radio');
    peer.media('audio', 0xfffffff0, AAC_CONFIG);
    for (const timestamp of [0xfffffff0, 0x7, 0x1e]) peer.media('audio', timestamp, SOUND);
    const [, first, second, third] = await collector.has(4);
    assert.deepEqual([second!.dts - first!.dts, third!.dts - second!.dts], [23, 23]);
  });

  test('may send aggregates', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.publishing(edge.port, 'radio');
    const collector = await collect(edge, 'radio');
    const part = (body: Buffer, timestamp: number) => {
      const header = Buffer.alloc(11);
      header[0] = MESSAGE.audio;
      header.writeUIntBE(body.length, 1, 3);
      header.writeUIntBE(timestamp, 4, 3);
      return Buffer.concat([header, body, Buffer.alloc(4)]);
    };
    const body = Buffer.concat([part(AAC_CONFIG, 0), part(SOUND, 0), part(SOUND, 23)]);
    peer.say({ type: MESSAGE.aggregate, streamId: 1, timestamp: 0, body });
    assert.equal((await collector.has(3)).length, 3);
  });

  for (const goodbye of ['FCUnpublish', 'deleteStream', 'closeStream']) {
    test(`ends its stream at once with ${goodbye}`, async (t) => {
      const edge = await openEdge(t);
      const peer = await RtmpPeer.publishing(edge.port, 'cam');
      const collector = await collect(edge, 'cam');
      peer.send(goodbye, null, goodbye === 'deleteStream' ? 1 : 'cam');
      await peer.status('NetStream.Unpublish.Success');
      assert.equal(await collector.ends.promise, 'unpublished');
      peer.send('publish', null, 'cam2', 'live');
      await peer.status('NetStream.Publish.Start');
    });
  }

  test('that goes without a goodbye leaves its viewers waiting', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.publishing(edge.port, 'cam');
    const collector = await collect(edge, 'cam');
    peer.socket.resetAndDestroy();
    await collector.interruptions.promise;
  });

  test('gets its bytes acknowledged within the window it asked for, and its pings answered', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.publishing(edge.port, 'cam');
    peer.say(windowAckSize(20_000));
    peer.media('video', 0, Buffer.concat([PICTURE, Buffer.alloc(30_000)]));
    const ack = await peer.message(({ type }) => type === MESSAGE.acknowledgement);
    assert.ok((parseNumber32(ack) as number) > 10_000);
    peer.say(userControl(USER_CONTROL.pingRequest, 4711));
    const pong = await peer.message(({ type }) => type === MESSAGE.userControl);
    assert.deepEqual(parseUserControl(pong), { event: USER_CONTROL.pingResponse, value: 4711 });
  });

  test('that is silent is asked whether it is there', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.publishing(edge.port, 'cam');
    const ping = await peer.message((message) => {
      const control = message.type === MESSAGE.userControl ? parseUserControl(message) : null;
      return control !== null && 'event' in control && control.event === USER_CONTROL.pingRequest;
    });
    assert.ok(ping);
  });
});

describe('a publisher is refused', () => {
  const refusals: [string, LiveError, string][] = [
    ['wrongly signed', new LiveError('BAD_SIGNATURE', 'txSecret is wrong'), 'NetStream.Publish.Unauthorized'],
    ['of an unknown channel', new LiveError('CHANNEL_NOT_FOUND', 'no such stream'), 'NetStream.Publish.Denied'],
    ['of an account in arrears', new LiveError('ACCOUNT_IN_ARREARS', 'pay first'), 'NetStream.Publish.Denied'],
  ];
  for (const [what, error, code] of refusals) {
    test(`${what}, with a code and a reason, and the connection closed`, async (t) => {
      const edge = await openEdge(t, {
        grant: () => {
          throw error;
        },
      });
      const peer = await RtmpPeer.connected(edge.port);
      peer.send('publish', null, 'cam', 'live');
      assert.equal(await peer.status(code), `${error.code} ${error.name}: ${error.message}`);
      await peer.closed;
      assert.ok(edge.log.some(({ msg }) => msg === `rtmp closed: publish of cam refused, ${error.code} ${error.name}`));
    });
  }

  test('when the stream has one, who does not notice', async (t) => {
    const edge = await openEdge(t);
    const first = await RtmpPeer.publishing(edge.port, 'cam');
    const second = await RtmpPeer.connected(edge.port);
    second.send('publish', null, 'cam', 'live');
    assert.match(await second.status('NetStream.Publish.BadName'), /^40000415 STREAM_ALREADY_PUBLISHED: /);
    await second.closed;
    const collector = await collect(edge, 'cam');
    first.media('video', 0, CONFIG);
    first.media('video', 0, PICTURE);
    await collector.has(2);
  });

  test('with a name that is none', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.connected(edge.port);
    peer.send('publish', null, '../etc', 'live');
    assert.match(await peer.status('NetStream.Publish.Denied'), /^40000001 BAD_REQUEST: A stream name has/);
    await peer.closed;
  });

  test('in another application', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.open(edge.port);
    const answer = await peer.call('connect', { app: 'vod', tcUrl: 'rtmp://127.0.0.1/vod' });
    assert.equal(answer.name, '_error');
    assert.equal(amfFields(answer.args[1])!['code'], 'NetConnection.Connect.Rejected');
    await peer.closed;
  });

  test('when what it sends cannot be carried, with the codec named', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.publishing(edge.port, 'cam');
    for (let i = 0; i < 20; i += 1) peer.media('audio', i * 20, Buffer.of(0xb2, 1, 2, 3));
    assert.match(await peer.status('NetStream.Publish.Denied'), /got Speex/);
    await peer.closed;
  });

  test('later, when the hub takes its right away', async (t) => {
    const edge = await openEdge(t);
    const peer = await RtmpPeer.publishing(edge.port, 'cam');
    edge.bus.publish('stream.disconnect', { stream: 'cam', reason: 'disconnected' });
    assert.match(await peer.status('NetStream.Publish.Denied'), /^40300001 FORBIDDEN: /);
    await peer.closed;
    assert.equal(edge.log.filter(({ msg }) => msg.startsWith('rtmp closed')).length, 1);
  });
});
