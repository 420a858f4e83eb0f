import { type AudioFrame, type Frame, type VideoFrame, WireError } from '@lianmai/media';
import { buildOpusHead } from '@lianmai/media/codec';
import { flvFileHeader, writeFlvTag } from '@lianmai/media/flv';
import {
  fromNtp,
  H264Assembler,
  isRtcp,
  parseRtcp,
  parseRtpPacket,
  type RtpPacket,
  type SenderReport,
  Vp8Assembler,
  writeRtcp,
} from '@lianmai/media/rtp';
import { Audio, PeerConnection, type Track, Video } from 'node-datachannel';
import { PATIENT_MS, until } from '../until.ts';

const H264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';
const VP8_TYPE = 96;
const RATES = { video: 90_000, audio: 48_000 } as const;
type Kind = keyof typeof RATES;

/** A WHEP viewer that is no browser: keeps what it gets, and puts sound and picture together by their sender reports alone. */
export class WhepRecorder implements Disposable {
  readonly #connection: PeerConnection;
  readonly #tracks: Track[] = [];
  readonly #packets: Record<Kind, RtpPacket[]> = { video: [], audio: [] };
  readonly #reports: Record<Kind, SenderReport[]> = { video: [], audio: [] };
  readonly #reporting: NodeJS.Timeout;

  private constructor() {
    const ports = { portRangeBegin: 10_000, portRangeEnd: 30_000 };
    this.#connection = new PeerConnection('recorder', { iceServers: [], bindAddress: '127.0.0.1', ...ports });
    const audio = new Audio('0', 'RecvOnly');
    audio.addOpusCodec(111);
    const video = new Video('1', 'RecvOnly');
    video.addH264Codec(102, H264);
    video.addVP8Codec(VP8_TYPE);
    for (const [kind, media] of Object.entries({ audio, video }) as [Kind, Audio | Video][]) {
      const track = this.#connection.addTrack(media);
      track.onMessage((packet) => this.#take(kind, packet));
      this.#tracks.push(track);
    }
    this.#reporting = setInterval(() => this.#report(), 1000);
  }

  /** @throws Error when the server refuses. */
  static async open(url: string): Promise<WhepRecorder> {
    const recorder = new WhepRecorder();
    const offer = await recorder.#offer();
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: offer });
    const body = await answer.text();
    if (answer.status !== 201) {
      recorder[Symbol.dispose]();
      throw new Error(`${url} was answered ${answer.status} ${body}`);
    }
    recorder.#connection.setRemoteDescription(body, 'answer');
    return recorder;
  }

  /** Waits until so many ms of sound and picture were got, with reports for both. */
  async records(ms: number): Promise<void> {
    await until(
      `${ms} ms are recorded`,
      () => this.#length('audio') >= ms && this.#length('video') >= ms,
      ms + PATIENT_MS,
    );
    await until('sender reports', () => this.#reports.audio.length > 0 && this.#reports.video.length > 0);
  }

  /** What was got as a file for each track, both on the sender's clock: FLV, and IVF of VP8. */
  files(): { video: Buffer; audio: Buffer } {
    const [pictures, sounds] = [this.#pictures(), this.#sounds()];
    const from = Math.min(...[...pictures, ...sounds].map(({ dts }) => dts));
    const moved = <T extends Frame>(frames: readonly T[]) =>
      frames.map((frame) => ({ ...frame, dts: Math.round(frame.dts - from) }));
    const isVp8 = pictures.some(({ codec }) => codec === 'vp8');
    return { video: isVp8 ? ivf(moved(pictures)) : flv(moved(pictures)), audio: flv(moved(sounds)) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#reporting);
    for (const track of this.#tracks) track.close();
    this.#connection.close();
  }

  /** Without candidates: the server finds out where this end is when it is checked from here. */
  #offer(): Promise<string> {
    return new Promise((resolve) => {
      this.#connection.onGatheringStateChange((state) => {
        if (state !== 'complete') return;
        const { sdp = '' } = this.#connection.localDescription() ?? {};
        resolve(sdp.replace(/^a=(candidate:|end-of-candidates).*\r\n/gm, ''));
      });
      this.#connection.setLocalDescription('offer');
    });
  }

  #take(kind: Kind, data: Buffer): void {
    if (isRtcp(data)) {
      const packets = parseRtcp(data);
      if (packets instanceof WireError) return;
      for (const packet of packets) if (packet.kind === 'senderReport') this.#reports[kind].push(packet);
      return;
    }
    const packet = parseRtpPacket(data);
    if (!(packet instanceof WireError)) this.#packets[kind].push(packet);
  }

  #report(): void {
    const report = writeRtcp([{ kind: 'receiverReport', ssrc: 1, reports: [] }]);
    for (const track of this.#tracks) if (track.isOpen()) track.sendMessageBinary(report);
  }

  #length(kind: Kind): number {
    const [first, last] = [this.#packets[kind][0], this.#packets[kind].at(-1)];
    return first && last ? (((last.timestamp - first.timestamp) | 0) * 1000) / RATES[kind] : 0;
  }

  /** RFC 3550 6.4.1: the newest report of the track ties its timestamps to the sender's clock. */
  #atMs(kind: Kind, timestamp: number): number {
    const report = this.#reports[kind].at(-1);
    if (!report) return 0;
    return fromNtp(report.ntp) + (((timestamp - report.timestamp) | 0) * 1000) / RATES[kind];
  }

  #pictures(): VideoFrame[] {
    const codec = this.#packets.video[0]?.payloadType === VP8_TYPE ? 'vp8' : 'h264';
    const assembler = codec === 'vp8' ? new Vp8Assembler() : new H264Assembler();
    return this.#packets.video.flatMap((packet): VideoFrame[] => {
      const picture = assembler.push(packet, false);
      if (!picture) return [];
      const at = { track: 'video', codec, dts: this.#atMs('video', picture.timestamp), cts: 0 } as const;
      const frame: VideoFrame = { ...at, type: picture.type, data: picture.data };
      return picture.config ? [{ ...at, type: 'config', data: picture.config }, frame] : [frame];
    });
  }

  #sounds(): AudioFrame[] {
    return this.#packets.audio.flatMap(({ timestamp, payload }, i): AudioFrame[] => {
      const at = { track: 'audio', codec: 'opus', dts: this.#atMs('audio', timestamp), cts: 0 } as const;
      const frame: AudioFrame = { ...at, type: 'key', data: payload };
      return i === 0 ? [{ ...at, type: 'config', data: buildOpusHead({ channels: 2 }) }, frame] : [frame];
    });
  }
}

const flv = (frames: readonly Frame[]): Buffer =>
  Buffer.concat([flvFileHeader(true, true), ...frames.map(writeFlvTag)]);

/** The container that takes VP8 as it is; times are ms. */
function ivf(frames: readonly VideoFrame[]): Buffer {
  const head = Buffer.alloc(32);
  head.write('DKIF\0\0 \0VP80', 'latin1');
  head.writeUInt32LE(1000, 16);
  head.writeUInt32LE(1, 20);
  const parts = frames.flatMap(({ dts, data }) => {
    const frameHead = Buffer.alloc(12);
    frameHead.writeUInt32LE(data.length);
    frameHead.writeBigUInt64LE(BigInt(dts), 4);
    return [frameHead, data];
  });
  return Buffer.concat([head, ...parts]);
}
