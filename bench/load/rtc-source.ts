import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Demuxer, Muxer } from 'node-av/api';

const CACHE = join(import.meta.dirname, '..', '.cache');
const SECONDS = 20;

/** The stream of the WebRTC benchmark: as browsers take it, so that no server has to convert it. */
export const RTC_SOURCE = { width: 640, height: 360, fps: 25, gopS: 2, videoKbps: 730, audioKbps: 64, totalKbps: 800 };
/** Bytes of the largest RTP packet, header included: as the server under test cuts them. */
export const RTC_PACKET_BYTES = 1172;

/**
 * The stream as two files of the same packets, which are played over and over: H.264 (constrained Baseline) and Opus in
 * packets of 20 ms. Made once.
 * @returns paths: a transport stream for ffmpeg, FLV (enhanced, for the Opus) for RTMP.
 * @throws Error when ffmpeg is missing or fails.
 */
export async function rtcSourceFiles(): Promise<{ transport: string; flv: string }> {
  const { width, height, videoKbps, audioKbps } = RTC_SOURCE;
  const name = join(CACHE, `rtc-${width}x${height}-${videoKbps}-${audioKbps}-${SECONDS}s`);
  const [matroska, transport, flv] = [`${name}.mkv`, `${name}.ts`, `${name}.flv`];
  await mkdir(CACHE, { recursive: true });
  if (!existsSync(matroska)) await finish(matroska, encode);
  if (!existsSync(transport)) await finish(transport, (file) => ffmpeg(`-i ${matroska} -c copy -f mpegts ${file}`));
  if (!existsSync(flv)) await finish(flv, (file) => remux(matroska, file));
  return { transport, flv };
}

/** A file is there whole or not at all. */
async function finish(file: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = `${file}.${process.pid}`;
  await make(unfinished);
  await rename(unfinished, file);
}

async function encode(file: string): Promise<void> {
  const { width, height, fps, gopS, videoKbps, audioKbps } = RTC_SOURCE;
  const gop = String(fps * gopS);
  await ffmpeg(`-f lavfi -i testsrc2=size=${width}x${height}:rate=${fps},noise=alls=12:allf=t
    -f lavfi -i anoisesrc=color=pink:amplitude=0.3:sample_rate=48000:seed=1 -t ${SECONDS}
    -c:v libx264 -preset veryfast -tune zerolatency -profile:v baseline -pix_fmt yuv420p
    -g ${gop} -keyint_min ${gop} -sc_threshold 0 -bf 0
    -b:v ${videoKbps}k -maxrate ${videoKbps}k -bufsize ${videoKbps / 2}k
    -c:a libopus -b:a ${audioKbps}k -ac 2 -frame_duration 20 -f matroska ${file}`);
}

/** @param args without quotes: separated by space. */
async function ffmpeg(args: string): Promise<void> {
  try {
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...args.split(/\s+/)]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('The benchmarks need ffmpeg to make their stream: apt-get install ffmpeg', { cause: error });
  }
}

/** By the FFmpeg of the server's own library: FLV with Opus is newer than what distributions have. */
async function remux(from: string, to: string): Promise<void> {
  await using input = await Demuxer.open(from);
  await using output = await Muxer.open(to, { format: 'flv' });
  const tracks = new Map<number, number>();
  for (const stream of input.streams) {
    const track = output.addStream(stream);
    if (track !== null) tracks.set(stream.index, track);
  }
  for await (using packet of input.packets()) {
    const track = packet && tracks.get(packet.streamIndex);
    if (typeof track === 'number') await output.writePacket(packet, track);
  }
}
