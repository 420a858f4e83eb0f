import { readFile } from 'node:fs/promises';
import { parseAvcConfig } from '../../packages/media/src/codec/index.ts';
import { FlvReader, parseTagBody } from '../../packages/media/src/flv/index.ts';
import { WireError } from '../../packages/media/src/index.ts';
import { packetizeOpus, packetizeVideo, type SharedPacket } from '../../packages/server/src/edge/rtc/outgoing.ts';
import { rtcSourceFiles } from './rtc-source.ts';

/** The packets of a picture or of a sound, as the server under test cuts them. */
export interface SourceBurst {
  track: 'video' | 'audio';
  /** From the beginning of the file, ms. */
  atMs: number;
  packets: readonly SharedPacket[];
}

/** The WebRTC benchmark's stream as RTP, in the order of sending; sequence numbers, SSRCs and types are left to the sender. */
export async function readRtpSource(): Promise<SourceBurst[]> {
  const { flv } = await rtcSourceFiles();
  const tags = new FlvReader().push(await readFile(flv));
  if (tags instanceof WireError) throw new Error(`${flv} is broken: ${tags.message}`);
  const bursts: SourceBurst[] = [];
  let parameterSets: readonly Buffer[] = [];
  for (const { track, dts, body } of tags) {
    const frame = parseTagBody(track, body, dts);
    if (frame === null || frame instanceof WireError || frame.track === 'data') continue;
    if (frame.type === 'config') {
      const config = frame.track === 'video' ? parseAvcConfig(frame.data) : null;
      if (config && !(config instanceof WireError)) parameterSets = [...config.sps, ...config.pps];
    } else {
      const packets = frame.track === 'video' ? packetizeVideo(frame, parameterSets) : [packetizeOpus(frame)];
      bursts.push({ track: frame.track, atMs: dts, packets });
    }
  }
  return bursts;
}
