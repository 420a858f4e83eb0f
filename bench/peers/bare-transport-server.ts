/**
 * A process that sends the benchmark's packets to whoever makes it an offer, all the same ones: nothing is numbered, kept,
 * reported or repaired for a viewer. Arguments: the HTTP port for offers, the UDP port for all connections.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { Audio, initLogger, PeerConnection, type Track, Video } from 'node-datachannel';
import { readRtpSource, type SourceBurst } from '../load/rtp-source.ts';

/** What the receivers offer. */
const TYPES = { audio: 111, video: 102 };
const SSRCS = { audio: 1, video: 2 };
const H264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';
const LOOPBACK = '127.0.0.1';

interface Viewer {
  readonly connection: PeerConnection;
  readonly audio: Track;
  readonly video: Track;
}

const [httpPort, rtcPort] = process.argv.slice(2).map(Number) as [number, number];
const connected = new Set<Viewer>();
let made = 0;

initLogger('Error', (_level, message) => console.error(message));
const source = await readRtpSource();
createServer(async (request, response) => {
  if (request.method !== 'POST') return void response.end();
  const answer = await connect(await bodyOf(request));
  response.writeHead(201, { 'content-type': 'application/sdp' }).end(answer);
}).listen(httpPort, LOOPBACK);
await play(source);

/** @returns the answer to an offer of H.264 as the section `1` and Opus as `0`. */
async function connect(offer: string): Promise<string> {
  const connection = new PeerConnection(`viewer-${made++}`, {
    iceServers: [],
    enableIceUdpMux: true,
    portRangeBegin: rtcPort,
    portRangeEnd: rtcPort,
    bindAddress: LOOPBACK,
  });
  const audio = new Audio('0', 'SendOnly');
  audio.addOpusCodec(TYPES.audio);
  audio.addSSRC(SSRCS.audio, 'bare', 'bare', 'audio');
  const video = new Video('1', 'SendOnly');
  video.addH264Codec(TYPES.video, H264);
  video.addSSRC(SSRCS.video, 'bare', 'bare', 'video');
  const viewer: Viewer = { connection, audio: connection.addTrack(audio), video: connection.addTrack(video) };
  connection.onStateChange((state) => {
    if (state === 'connected') connected.add(viewer);
    else if (state !== 'connecting' && connected.delete(viewer)) connection.close();
  });
  const gathered = Promise.withResolvers<void>();
  connection.onGatheringStateChange((state) => state === 'complete' && gathered.resolve());
  connection.setRemoteDescription(offer, 'offer');
  await gathered.promise;
  return connection.localDescription()?.sdp ?? '';
}

/** Over and over, each burst at its time, never to return. */
async function play(bursts: readonly SourceBurst[]): Promise<never> {
  const sequences = { audio: 0, video: 0 };
  // A burst follows the one before as the first one followed none: about the length of a picture.
  const lengthMs = Math.max(...bursts.map(({ atMs }) => atMs)) + 20;
  for (let startMs = performance.now(); ; startMs += lengthMs)
    for (const { track, atMs, packets } of bursts) {
      await after(Math.max(0, startMs + atMs - performance.now()));
      for (const packet of packets) {
        packet[1] = (packet[1]! & 0x80) | TYPES[track];
        packet.writeUInt16BE((sequences[track] = (sequences[track] + 1) & 0xffff), 2);
        packet.writeUInt32BE(SSRCS[track], 8);
      }
      for (const viewer of connected) send(viewer, viewer[track], packets);
    }
}

function send(viewer: Viewer, track: Track, packets: readonly Buffer[]): void {
  try {
    for (const packet of packets) track.sendMessageBinary(packet);
  } catch {
    connected.delete(viewer); // it closed a moment ago: the event is on its way
    viewer.connection.close();
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString();
}
