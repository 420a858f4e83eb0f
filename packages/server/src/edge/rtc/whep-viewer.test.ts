import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Frame, type VideoFrame, WireError } from '@lianmai/media';
import { buildAvcConfig, toLengthPrefixed } from '@lianmai/media/codec';
import { isRtcp, parseRtcp, parseRtpPacket, type RtpPacket, writeRtcp } from '@lianmai/media/rtp';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import { Pacer } from './pacer.ts';
import { playableTracks } from './playable.ts';
import { TrackSender } from './track-sender.ts';
import { WhepFanout } from './whep-fanout.ts';
import { WhepViewer } from './whep-viewer.ts';

const SPS = Buffer.from('6742c01ed901405ff2c2000003000200000300640001', 'hex');
const PPS = Buffer.from('68cb8cb2', 'hex');

const picture = (type: 'key' | 'inter', dts: number, size = 3000, cts = 0): VideoFrame => {
  const unit = Buffer.alloc(size, 1);
  unit[0] = type === 'key' ? 0x65 : 0x41;
  return { track: 'video', codec: 'h264', type, dts, cts, data: toLengthPrefixed([unit]) };
};
const sound = (dts: number): Frame => ({ track: 'audio', codec: 'opus', type: 'key', dts, cts: 0, data: Buffer.of(9) });

function setUp(gop: readonly Frame[]) {
  const config = buildAvcConfig([SPS], [PPS]);
  assert.ok(!(config instanceof WireError));
  const sinks = new Set<StreamSink>();
  const counted = { viewers: 0, bytes: 0 };
  const stream = {
    name: 'show',
    state: 'live',
    headers: { metadata: null, audio: null, video: { ...picture('key', 0), type: 'config', data: config } },
    gop,
    attach: (sink: StreamSink) => void sinks.add(sink),
    detach: (sink: StreamSink) => void sinks.delete(sink),
    countViewers: (_: string, change: number) => {
      counted.viewers += change;
    },
    countSent: (_: string, bytes: number) => {
      counted.bytes += bytes;
    },
    countDropped() {},
  } as unknown as LiveStream;
  let nowMs = 1_700_000_000_000;
  const pacer = new Pacer();
  after(() => pacer.close());
  const fanout = new WhepFanout({ stream, pacer, now: () => nowMs, onEmpty() {} });
  const join = (ssrc: number) => {
    const packets: RtpPacket[] = [];
    const reports: Buffer[] = [];
    const log = { wishes: 0, closed: false, pictures: [] as number[] };
    const send = (data: Buffer) => {
      if (isRtcp(data)) reports.push(Buffer.from(data));
      else {
        const packet = parseRtpPacket(Buffer.from(data));
        assert.ok(!(packet instanceof WireError));
        packets.push(packet);
      }
      return true;
    };
    const viewer = new WhepViewer({
      stream,
      pacer,
      videoCodec: 'h264',
      missesVideo: false,
      video: new TrackSender({ ssrc, payloadType: 102, send }),
      audio: new TrackSender({ ssrc: ssrc + 1, payloadType: 111, send }),
      now: () => nowMs,
      needKeyFrame: () => {
        log.wishes++;
      },
      changePicture: (_viewer, rank) => void log.pictures.push(rank),
      close: () => {
        log.closed = true;
        fanout.remove(viewer);
      },
    });
    fanout.add(viewer);
    return { viewer, packets, reports, log };
  };
  const give = (frame: Frame) => {
    for (const sink of sinks) sink.frame(frame);
  };
  const pass = (ms: number) => {
    nowMs += ms;
    fanout.report();
  };
  /** As the stream of a smaller picture: it begins with the next frame. */
  const begin = () => ({
    give,
    end: () => {
      for (const sink of [...sinks]) sink.ended('unpublished');
    },
  });
  return { fanout, begin, join, give, pass, pacer, sinks, counted };
}

test('each viewer gets the same packets under numbers of its own', () => {
  const { join, give } = setUp([]);
  const [one, two] = [join(100), join(200)];
  for (const frame of [picture('key', 1000), sound(1005), picture('inter', 1040)]) give(frame);
  assert.deepEqual(
    one.packets.map(({ payload, timestamp, marker }) => ({ payload, timestamp, marker })),
    two.packets.map(({ payload, timestamp, marker }) => ({ payload, timestamp, marker })),
  );
  const [video, audio] = [
    one.packets.filter(({ ssrc }) => ssrc === 100),
    one.packets.filter(({ ssrc }) => ssrc === 101),
  ];
  assert.deepEqual(
    audio.map(({ payloadType, timestamp }) => [payloadType, timestamp]),
    [[111, 1005 * 48]],
  );
  assert.equal(video[0]!.payload[0]! & 31, 24, 'SPS and PPS lead the key frame');
  assert.deepEqual(new Set(video.map(({ timestamp }) => timestamp)), new Set([90_000, 93_600]));
  const first = video[0]!.sequenceNumber;
  assert.deepEqual(
    video.map(({ sequenceNumber }) => sequenceNumber),
    video.map((_, i) => (first + i) & 0xffff),
  );
});

test('a newcomer gets the GOP at once, its times so close together that it is not played behind', () => {
  const gop = [picture('key', 0), picture('inter', 1000), picture('inter', 1900)];
  const { packets, log } = setUp(gop).join(7);
  const times = [...new Set(packets.map(({ timestamp }) => timestamp / 90))];
  assert.deepEqual(times, [1898, 1899, 1900]);
  assert.equal(log.wishes, 0);
});

test('without a GOP a key frame is wished for and waited for', () => {
  const { join, give } = setUp([]);
  const { packets, log } = join(7);
  assert.equal(log.wishes, 1);
  give(picture('inter', 1000));
  assert.equal(packets.length, 0);
  give(picture('key', 1040));
  assert.ok(packets.length > 0);
});

test('who waits for a key frame asks again each second', () => {
  const { join, give, pass } = setUp([]);
  const { packets, log } = join(7);
  give(picture('inter', 1000));
  pass(1000);
  pass(1000);
  assert.deepEqual([log.wishes, packets.length], [3, 0]);
  give(picture('key', 3000));
  pass(1000);
  assert.equal(log.wishes, 3);
});

test('no viewer begins near the wrap of its sequence numbers: SRTP of who missed the first packets could not follow it', () => {
  const { join, give } = setUp([]);
  const viewers = Array.from({ length: 100 }, (_, i) => join(10 * (i + 1)));
  give(picture('key', 1000));
  give(sound(1000));
  for (const { packets } of viewers)
    for (const ssrc of new Set(packets.map((packet) => packet.ssrc))) {
      const first = packets.find((packet) => packet.ssrc === ssrc)!.sequenceNumber;
      assert.ok(first < 0x8000, `${first}`);
    }
});

test('what a viewer misses is sent again as it was, as far as it is kept', () => {
  const { join, give } = setUp([]);
  const { viewer, packets } = join(7);
  for (let i = 0; i < 300; i++) give(picture(i === 0 ? 'key' : 'inter', i * 40));
  const sent = packets.splice(0);
  const wanted = sent.slice(-3).map(({ sequenceNumber }) => sequenceNumber);
  const old = sent[0]!.sequenceNumber;
  const ask = (lost: number[]) => viewer.packet(writeRtcp([{ kind: 'nack', senderSsrc: 1, mediaSsrc: 7, lost }]));
  ask(wanted);
  assert.deepEqual(packets, sent.slice(-3));
  packets.length = 0;
  ask([old, (sent.at(-1)!.sequenceNumber + 5) & 0xffff]);
  assert.deepEqual(packets, []);
});

const sequences = (packets: readonly RtpPacket[]) => packets.map(({ sequenceNumber }) => sequenceNumber);
const unbroken = (packets: readonly RtpPacket[]) => {
  const first = packets[0]?.sequenceNumber ?? 0;
  assert.deepEqual(
    sequences(packets),
    packets.map((_, i) => (first + i) & 0xffff),
  );
};

test('a large picture leaves in parts, those after it behind it, each packet to all viewers before the next', () => {
  const { join, give, pacer } = setUp([]);
  const [one, two] = [join(100), join(200)];
  give(picture('key', 0, 60_000));
  assert.deepEqual([one.packets.length, two.packets.length], [12, 12]);
  give(picture('inter', 40));
  assert.equal(one.packets.length, 12, 'what comes after does not overtake');
  let turns = 0;
  for (; one.packets.length < 55; turns++) pacer.tick();
  assert.ok(turns <= 5, `${turns} turns`);
  unbroken(one.packets);
  assert.deepEqual(
    one.packets.map(({ timestamp }) => timestamp),
    two.packets.map(({ timestamp }) => timestamp),
  );
  assert.equal(one.packets.filter(({ marker }) => marker).length, 2);
});

test('a newcomer gets a long GOP in parts and what comes meanwhile behind it, nothing twice', () => {
  const gop = [picture('key', 0, 60_000), picture('inter', 40)];
  const { join, give, pacer, counted } = setUp(gop);
  for (const frame of gop) give(frame);
  const early = join(9);
  const { viewer, packets } = join(7);
  assert.equal(packets.length, 24);
  gop.push(picture('inter', 80));
  give(gop[2]!);
  while (packets.length < 58) pacer.tick();
  unbroken(packets);
  assert.deepEqual([...new Set(packets.map(({ timestamp }) => timestamp / 90))], [39, 40, 80]);
  const sent = packets.splice(0);
  viewer.packet(
    writeRtcp([{ kind: 'nack', senderSsrc: 1, mediaSsrc: 7, lost: sequences([sent[3]!, sent[40]!, sent[57]!]) }]),
  );
  assert.deepEqual(packets, [sent[3], sent[40], sent[57]], 'both its own and the shared ones are kept');
  early.viewer.close();
  viewer.close();
  pacer.tick();
  assert.equal(counted.viewers, 0);
});

test('a viewer whose network does not carry the picture goes to a smaller one at its key frame, and home when that ends', () => {
  const home = setUp([]);
  const other = setUp([]);
  const { viewer, packets, log } = home.join(7);
  home.give(picture('key', 1000));
  home.give(sound(1000));
  for (let second = 0; second < 4; second++) {
    for (let i = 0; i < 25; i++) home.give(picture('inter', 1040 + second * 1000 + i * 40));
    const lost = sequences(packets.filter(({ ssrc }) => ssrc === 7).slice(-30));
    viewer.packet(writeRtcp([{ kind: 'nack', senderSsrc: 1, mediaSsrc: 7, lost }]));
    home.pass(1000);
  }
  assert.deepEqual([log.pictures, viewer.state], [[1], { network: 'strained', picture: 0 }]);
  const start = other.begin();
  other.pass(4000);
  viewer.watch(other.fanout, 1);
  packets.length = 0;
  const give = (type: 'key' | 'inter', dts: number) => {
    home.give(picture('inter', dts, 100));
    start.give(picture(type, dts - 500, 50));
  };
  give('inter', 5000);
  assert.equal(packets.length, 1, 'not before a key frame');
  give('key', 5040);
  give('inter', 5080);
  home.give(sound(5080));
  assert.equal(viewer.state.picture, 1);
  assert.deepEqual(
    packets.slice(2).map(({ ssrc, payload }) => [ssrc, payload.length > 60]),
    [
      [7, true], // with SPS and PPS
      [7, false],
      [8, false],
    ],
    'pictures from there, sound from home',
  );
  unbroken(packets.filter(({ ssrc }) => ssrc === 7));
  const times = packets.filter(({ ssrc }) => ssrc === 7).map(({ timestamp }) => timestamp);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
    'on the clock of home',
  );
  const wishes = log.wishes;
  start.end();
  assert.deepEqual([viewer.state.picture, log.wishes, log.closed], [0, wishes + 1, false]);
  packets.length = 0;
  home.give(picture('inter', 5120));
  home.give(picture('key', 5160, 100));
  assert.equal(packets.length, 1);
  viewer.close();
  assert.deepEqual([home.sinks.size, other.sinks.size], [0, 0]);
});

test('sender reports tie both tracks to one clock', () => {
  const { join, give, pass } = setUp([]);
  const { reports } = join(7);
  for (const frame of [picture('key', 5000), sound(5000)]) give(frame);
  pass(1000);
  const sent = reports.flatMap((data) => {
    const packets = parseRtcp(data);
    assert.ok(!(packets instanceof WireError));
    return packets.filter((packet) => packet.kind === 'senderReport');
  });
  assert.deepEqual(
    sent.map(({ timestamp }) => timestamp),
    [6000 * 90, 6000 * 48],
  );
  assert.equal(sent[0]!.ntp, sent[1]!.ntp);
});

test('a viewer that stops telling while it is sent to is closed, later when it never began; one that reports stays', () => {
  const { join, give, pass, sinks, counted } = setUp([picture('key', 0)]);
  const [silent, once, heard] = [join(7), join(9), join(11)];
  const report = writeRtcp([{ kind: 'receiverReport', ssrc: 1, reports: [] }]);
  const closed: boolean[][] = [];
  once.viewer.packet(report);
  for (let second = 1; second <= 31; second++) {
    give(picture('inter', second * 1000 + 40));
    heard.viewer.packet(report);
    pass(1000);
    if ([10, 11, 30, 31].includes(second)) closed.push([silent, once, heard].map(({ log }) => log.closed));
  }
  assert.deepEqual(closed, [
    [false, false, false],
    [false, true, false],
    [false, true, false],
    [true, true, false],
  ]);
  assert.equal(counted.viewers, 1);
  heard.viewer.close();
  assert.deepEqual([sinks.size, counted.viewers], [0, 0], 'nobody watches: nothing is made');
});

test('key frames are asked for by PLI and FIR; garbage is nothing', () => {
  const { viewer, log } = setUp([picture('key', 0)]).join(7);
  viewer.packet(writeRtcp([{ kind: 'pictureLoss', senderSsrc: 1, mediaSsrc: 7 }]));
  viewer.packet(writeRtcp([{ kind: 'fullIntraRequest', senderSsrc: 1, requests: [{ ssrc: 7, number: 1 }] }]));
  viewer.packet(Buffer.of(0x80, 206, 0, 9));
  viewer.packet(Buffer.alloc(0));
  assert.equal(log.wishes, 2);
});

test('a viewer is closed when B-frames or another codec come', () => {
  for (const frame of [picture('inter', 40, 100, 40), { ...picture('key', 40), codec: 'h265' as const }]) {
    const { join, give } = setUp([picture('key', 0)]);
    const { log } = join(7);
    give(frame);
    assert.equal(log.closed, true, frame.codec);
  }
});

test('what cannot be played is said', () => {
  const headers = { metadata: null, video: null, audio: null };
  const aac: Frame = { track: 'audio', codec: 'aac', type: 'key', dts: 0, cts: 0, data: Buffer.of(1) };
  const tracks = playableTracks({ headers, gop: [picture('key', 0), picture('inter', 40, 10, 80), aac] });
  assert.deepEqual([tracks.video, tracks.audio], [null, false]);
  assert.match(tracks.left.join(), /B-frames.*aac/);
});
