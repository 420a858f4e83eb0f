import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Frame, WireError } from '@lianmai/media';
import { parseRtcp, type RtcpPacket, type RtpPacket, wrapRtx, writeRtcp, writeRtpPacket } from '@lianmai/media/rtp';
import { type ChosenMedia, chooseAudio, chooseVideoToReceive, parseOffer } from '@lianmai/media/sdp';
import type { Publication } from '../hub/ports.ts';
import { WhipPublisher } from './whip-publisher.ts';

const OFFER = new URL('../../../../media/src/sdp/fixtures/chromium-publish.sdp', import.meta.url);
const VIDEO = { ssrc: 2018998430, rtxSsrc: 3439228912 };
const KEY = ['6742c01ed901405ff2c2000003000200000300640001', '68cb8cb2', '6588aa'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const INTER = Buffer.from('4188bb', 'hex');

/** A publisher with Chromium's offer; what it writes and sends is kept. */
function setUp(change: (offer: string) => string = (offer) => offer) {
  const offer = parseOffer(change(readFileSync(OFFER, 'utf8')));
  assert.ok(!(offer instanceof WireError));
  const chosen = offer.media.map((media): ChosenMedia => {
    const codec = media.kind === 'audio' ? chooseAudio(media) : chooseVideoToReceive(media);
    assert.ok(codec);
    return { mid: media.mid, codec, direction: 'recvonly', source: null };
  });
  const frames: Frame[] = [];
  const sent: RtcpPacket[] = [];
  const announced: Frame[] = [];
  const publication = {
    write: (frame: Frame) => void (frame.track === 'data' ? announced : frames).push(frame),
    received() {},
    end() {},
  };
  const send = (data: Buffer) => {
    const packets = parseRtcp(data);
    assert.ok(!(packets instanceof WireError));
    sent.push(...packets);
    return true;
  };
  const publisher = new WhipPublisher({
    stream: 'show',
    publication: publication as unknown as Publication,
    offer,
    chosen,
    send,
  });
  const codec = chosen[1]!.codec;
  const packet = (sequenceNumber: number, payload: Buffer, fields: Partial<RtpPacket> = {}): RtpPacket => ({
    payloadType: codec.payloadType,
    marker: true,
    sequenceNumber,
    timestamp: sequenceNumber * 3000,
    ssrc: VIDEO.ssrc,
    csrcs: [],
    extension: null,
    payload,
    ...fields,
  });
  const video = (...args: Parameters<typeof packet>) => writeRtpPacket(packet(...args));
  return { publisher, announced, frames, sent, packet, video, codec };
}

/** A key frame in three packets of one time, from `sequence` on. */
const keyFrame = (video: ReturnType<typeof setUp>['video'], sequence: number) =>
  KEY.map((unit, i) => video(sequence + i, unit, { marker: i === 2, timestamp: sequence * 3000 }));

const kinds = (frames: readonly Frame[]) => frames.map(({ track, type }) => `${track} ${type}`);

test('pictures and sound become frames, their configurations first', () => {
  const { publisher, frames, video } = setUp();
  for (const data of keyFrame(video, 1)) publisher.packet(data, 100);
  publisher.packet(video(4, INTER), 140);
  publisher.packet(writeRtpPacket({ ...audioPacket, sequenceNumber: 9 }), 141);
  assert.deepEqual(kinds(frames), ['video config', 'video key', 'video inter', 'audio config', 'audio key']);
  assert.equal(frames[2]!.dts - frames[1]!.dts, 100, '9000 ticks of 90 kHz');
});

const audioPacket: RtpPacket = {
  payloadType: 111,
  marker: false,
  sequenceNumber: 0,
  timestamp: 960,
  ssrc: 4219534071,
  csrcs: [],
  extension: null,
  payload: Buffer.of(0x78, 1, 2),
};

test('which tracks will come is told before any packet', () => {
  const { announced } = setUp();
  assert.equal(announced.length, 1);
  assert.match(announced[0]!.data.toString('latin1'), /onMetaData.*videocodecid.*audiocodecid/s);
});

test('a lost packet is asked for, and its retransmission fills the gap', () => {
  const { publisher, frames, sent, packet, video, codec } = setUp();
  for (const data of keyFrame(video, 1)) publisher.packet(data, 0);
  publisher.packet(video(5, INTER), 10);
  publisher.tick(25);
  assert.deepEqual(
    sent.filter(({ kind }) => kind === 'nack'),
    [{ kind: 'nack', senderSsrc: 1, mediaSsrc: VIDEO.ssrc, lost: [4] }],
  );
  assert.equal(frames.length, 2);
  const rtx = wrapRtx(packet(4, INTER), {
    ssrc: VIDEO.rtxSsrc,
    payloadType: codec.rtxPayloadType!,
    sequenceNumber: 77,
  });
  publisher.packet(writeRtpPacket(rtx), 60);
  assert.deepEqual(kinds(frames), ['video config', 'video key', 'video inter', 'video inter']);
});

test('a gap that stays costs pictures until the key frame that is asked for', () => {
  const { publisher, frames, sent, video } = setUp();
  for (const data of keyFrame(video, 1)) publisher.packet(data, 0);
  publisher.packet(video(5, INTER), 10);
  publisher.tick(700);
  assert.equal(frames.length, 2);
  assert.ok(sent.some(({ kind }) => kind === 'pictureLoss'));
  for (const data of keyFrame(video, 6)) publisher.packet(data, 720);
  assert.deepEqual(kinds(frames).slice(2), ['video key']);
});

test('many wishes for a key frame are one request', () => {
  const { publisher, sent, video } = setUp();
  for (const data of keyFrame(video, 1)) publisher.packet(data, 0);
  for (let ms = 1000; ms < 1400; ms += 10) publisher.requestKeyFrame(ms);
  assert.equal(sent.filter(({ kind }) => kind === 'pictureLoss').length, 1);
});

test('reception is told in reports, with REMB to clients that take nothing better', () => {
  const { publisher, sent, video } = setUp((offer) => offer.replaceAll(/a=rtcp-fb:\d+ transport-cc\r\n/g, ''));
  publisher.packet(video(1, INTER), 1000);
  publisher.tick(1050);
  assert.ok(sent.some((packet) => packet.kind === 'bitrateEstimate' && packet.bitrate > 5_000_000));
  assert.ok(!sent.some(({ kind }) => kind === 'transportFeedback'));
});

test('arrivals are told as transport feedback about a source that is known, reception in reports', () => {
  const { publisher, sent, video } = setUp();
  const extension = { profile: 0xbede, data: Buffer.from('31000700', 'hex') };
  publisher.packet(video(1, INTER, { extension }), 1000);
  publisher.tick(1050);
  const feedback = sent.find(({ kind }) => kind === 'transportFeedback');
  assert.ok(feedback?.kind === 'transportFeedback');
  assert.deepEqual([feedback.mediaSsrc, feedback.baseSequence, feedback.arrivals], [VIDEO.ssrc, 7, [4000]]);
  assert.ok(sent.some((packet) => packet.kind === 'receiverReport' && packet.reports[0]?.ssrc === VIDEO.ssrc));
  assert.ok(!sent.some(({ kind }) => kind === 'bitrateEstimate'));
});

test('garbage, foreign payloads and broken reports are left out', () => {
  const { publisher, frames, video } = setUp();
  for (const data of [
    Buffer.alloc(0),
    Buffer.alloc(11, 0x80),
    Buffer.from('80c8ffff', 'hex'),
    video(1, INTER, { payloadType: 96 }),
    writeRtcp([{ kind: 'goodbye', ssrcs: [1] }]),
  ])
    publisher.packet(data, 0);
  assert.deepEqual(frames, []);
});

/** A publisher of two layers; `pixels` go by the SPS. */
function setUpLayers() {
  const offer = parseOffer(readFileSync(new URL('chromium-simulcast.sdp', OFFER), 'utf8'));
  assert.ok(!(offer instanceof WireError));
  const media = offer.media[0]!;
  const codec = chooseVideoToReceive(media)!;
  const sent: RtcpPacket[] = [];
  const frames = { stream: [] as Frame[], smaller: [] as Frame[] };
  const seen = { smaller: false };
  const publication = { write: (frame: Frame) => void frames.stream.push(frame), received() {}, end() {} };
  const publisher = new WhipPublisher({
    stream: 'show',
    publication: publication as unknown as Publication,
    offer,
    chosen: [{ mid: media.mid, codec, direction: 'recvonly', source: null }],
    send(data) {
      const packets = parseRtcp(data);
      assert.ok(!(packets instanceof WireError));
      sent.push(...packets);
      return true;
    },
    smaller: { write: (_rank, frame) => void frames.smaller.push(frame), wanted: () => seen.smaller },
  });
  const layer = (rid: string, ssrc: number, sps: string) => {
    let sequence = 0;
    const send = (payload: Buffer, nowMs: number, marker = true, isNamed = sequence < 3) => {
      sequence += 1;
      // One-byte element of id 10, two bytes of padding.
      const extension = isNamed ? { profile: 0xbede, data: Buffer.from([0xa0, rid.charCodeAt(0), 0, 0]) } : null;
      const packet = { payloadType: codec.payloadType, marker, ssrc, csrcs: [], extension, payload };
      publisher.packet(writeRtpPacket({ ...packet, sequenceNumber: sequence, timestamp: nowMs * 90 }), nowMs);
    };
    return {
      ssrc,
      key(nowMs: number) {
        for (const unit of [Buffer.from(sps, 'hex'), KEY[1]!]) send(unit, nowMs, false);
        send(KEY[2]!, nowMs);
      },
      inter: (nowMs: number) => send(INTER, nowMs),
    };
  };
  const asked = (ssrc: number) =>
    sent.splice(0).filter((packet) => packet.kind === 'pictureLoss' && packet.mediaSsrc === ssrc).length;
  return { publisher, layer, frames, seen, asked };
}

/** 640x360 and 320x180, Constrained Baseline. */
const SPS_360 = '6742c01ed900a02ff97011000003000100000300320f162e48';
const SPS_180 = '6742c00cd901419f9f011000000300100000030320f142a480';

const configs = (frames: readonly Frame[]) =>
  frames.filter(({ track, type }) => track === 'video' && type === 'config').map(({ data }) => data.length);

test('simulcast: the stream is the largest layer that is sent, from its key frame on', () => {
  const { publisher, layer, frames, asked } = setUpLayers();
  const small = layer('a', 11, SPS_180);
  const large = layer('b', 22, SPS_360);
  small.key(1000);
  small.inter(1040);
  assert.deepEqual(kinds(frames.stream).slice(1), ['video config', 'video key', 'video inter']);
  large.key(1050);
  assert.deepEqual(kinds(frames.stream).slice(4), ['video config', 'video key'], 'the larger one as soon as it comes');
  const before = frames.stream.length;
  for (const at of [1080, 1120]) {
    small.inter(at);
    large.inter(at);
  }
  assert.equal(frames.stream.length, before + 2, 'one layer at a time');
  for (let at = 1200; at < 5000; at += 40) {
    small.inter(at);
    publisher.tick(at);
  }
  assert.ok(asked(11) > 0, 'the larger one is not sent any more');
  small.key(5010);
  small.inter(5040);
  assert.deepEqual(kinds(frames.stream).slice(-3), ['video config', 'video key', 'video inter']);
  assert.equal(configs(frames.stream).length, 3);
  const times = frames.stream.filter(({ type }) => type !== 'config').map(({ dts }) => dts);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});

test('simulcast: a smaller picture is made while somebody sees it, and goes on with what there is', () => {
  const { publisher, layer, frames, seen, asked } = setUpLayers();
  const small = layer('a', 11, SPS_180);
  const large = layer('b', 22, SPS_360);
  small.key(1000);
  large.key(1001);
  publisher.tick(2000);
  asked(11);
  for (let at = 2010; at < 6000; at += 40) {
    small.inter(at);
    large.inter(at);
    publisher.tick(at);
  }
  assert.equal(asked(11), 0, 'nobody sees it: no key frames');
  seen.smaller = true;
  publisher.tick(6010);
  assert.equal(asked(11), 1);
  assert.deepEqual(frames.smaller, []);
  small.inter(6030);
  small.key(6050);
  small.inter(6090);
  assert.deepEqual(kinds(frames.smaller), ['video config', 'video key', 'video inter']);
});

test('packets of an unknown layer are left out', () => {
  const { layer, frames } = setUpLayers();
  layer('x', 33, SPS_180).key(1000);
  assert.deepEqual(kinds(frames.stream), ['data config']);
});
