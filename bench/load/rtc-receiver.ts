import { Audio, PeerConnection, RtcpReceivingSession, type Track, Video } from 'node-datachannel';
import { KeyFrameDetector } from './key-frame.ts';
import { RtpCount } from './rtp-count.ts';

/** Below the ports that the system gives away by itself: none of them is another's that is about to be bound. */
const PORTS = { portRangeBegin: 10_000, portRangeEnd: 30_000 };
const H264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';

/** One WebRTC viewer on a UDP port of its own: counts what it gets, and answers with receiver reports. */
export class RtcReceiver {
  readonly tracks: RtpCount[] = [];
  /** `performance.now()` of the first RTP packet; null before. */
  firstPacketAt: number | null = null;
  /** The same of the end of the first whole key frame; only looked for when asked for. */
  keyFrameAt: number | null = null;
  readonly #connection: PeerConnection;
  /** The connection does not keep them. */
  readonly #held: Track[] = [];
  readonly #keyFrames: KeyFrameDetector | null;
  #settled = false;
  #onSettled = () => {};

  constructor(name: string, options: { address: string; findsKeyFrame: boolean }) {
    this.#keyFrames = options.findsKeyFrame ? new KeyFrameDetector() : null;
    this.#connection = new PeerConnection(name, { iceServers: [], bindAddress: options.address, ...PORTS });
    this.#connection.onTrack((track) => this.#receive(track));
  }

  /**
   * The server finds out where this end is when it is checked from here. Would it check first, the native library might
   * finish a handshake before it has taken the fingerprint of the answer, and fail.
   * @returns an offer to receive H.264 and Opus, without candidates.
   */
  async offer(): Promise<string> {
    const audio = new Audio('0', 'RecvOnly');
    audio.addOpusCodec(111);
    const video = new Video('1', 'RecvOnly');
    video.addH264Codec(102, H264);
    for (const media of [audio, video]) this.#receive(this.#connection.addTrack(media));
    const described = await this.#described(() => this.#connection.setLocalDescription('offer'));
    return described.replace(/^a=(candidate:|end-of-candidates).*\r\n/gm, '');
  }

  accept(answer: string): void {
    this.#connection.setRemoteDescription(answer, 'answer');
  }

  /** @returns the answer to an offer, with all candidates. */
  async answer(offer: string): Promise<string> {
    return await this.#described(() => this.#connection.setRemoteDescription(offer, 'offer'));
  }

  /** Waits for the first packet, or the first key frame where it is looked for. @returns whether it came. */
  async watches(timeoutMs: number): Promise<boolean> {
    if (!this.#settled)
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, timeoutMs);
        this.#onSettled = () => {
          clearTimeout(late);
          resolve();
        };
      });
    return this.#settled;
  }

  /** How far it came, for a person who wonders why it gets nothing. */
  get state(): string {
    const connection = this.#connection;
    return `connection ${connection.state()}, ICE ${connection.iceState()}, signalling ${connection.signalingState()}`;
  }

  close(): void {
    this.#connection.close();
  }

  #described(begin: () => void): Promise<string> {
    return new Promise((resolve) => {
      this.#connection.onGatheringStateChange((state) => {
        if (state === 'complete') resolve(this.#connection.localDescription()?.sdp ?? '');
      });
      begin();
    });
  }

  #receive(track: Track): void {
    const count = new RtpCount();
    const isVideo = track.type() === 'video';
    this.tracks.push(count);
    this.#held.push(track);
    track.setMediaHandler(new RtcpReceivingSession());
    track.onMessage((packet) => {
      if (isRtcp(packet)) return;
      count.add(packet);
      if (!this.#settled) this.#first(packet, isVideo);
    });
  }

  #first(packet: Buffer, isVideo: boolean): void {
    this.firstPacketAt ??= performance.now();
    if (isVideo && this.#keyFrames?.add(packet)) this.keyFrameAt = performance.now();
    if (this.#keyFrames && this.keyFrameAt === null) return;
    this.#settled = true;
    this.#onSettled();
  }
}

/** RFC 5761 4. */
const isRtcp = (packet: Buffer) => packet.length < 12 || (packet[1]! >= 192 && packet[1]! <= 223);
