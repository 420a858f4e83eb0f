import { Audio, PeerConnection, type Track, Video } from 'node-datachannel';

const H264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';

/** A WebRTC client on 127.0.0.1 that receives H.264 and Opus, by the native library. To be closed. */
export class NativeViewer {
  /** RTP packets of both tracks, as they came. */
  readonly packets: Buffer[] = [];
  /** Settles when the other end has closed the connection, or it is lost. */
  readonly ended: Promise<void>;
  readonly #connection = new PeerConnection('viewer', { iceServers: [], bindAddress: '127.0.0.1' });
  readonly #tracks: Track[] = [];
  #onPacket = () => {};

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#connection.onStateChange((state) => /^(disconnected|failed|closed)$/.test(state) && resolve());
    });
  }

  /** Without candidates, so that it begins: the library may fail when it is checked before it has the answer. */
  async offer(): Promise<string> {
    const audio = new Audio('0', 'RecvOnly');
    audio.addOpusCodec(111);
    const video = new Video('1', 'RecvOnly');
    video.addH264Codec(102, H264);
    for (const media of [audio, video]) this.#receive(this.#connection.addTrack(media));
    const gathered = new Promise<void>((resolve) => {
      this.#connection.onGatheringStateChange((state) => state === 'complete' && resolve());
    });
    this.#connection.setLocalDescription('offer');
    await gathered;
    const { sdp } = this.#connection.localDescription() ?? { sdp: '' };
    return sdp.replace(/^a=(candidate:|end-of-candidates).*\r\n/gm, '');
  }

  accept(answer: string): void {
    this.#connection.setRemoteDescription(answer, 'answer');
  }

  /** Resolves when so many RTP packets have come. */
  async received(count: number): Promise<void> {
    while (this.packets.length < count)
      await new Promise<void>((resolve) => {
        this.#onPacket = resolve;
      });
  }

  close(): void {
    for (const track of this.#tracks) track.close();
    this.#connection.close();
  }

  #receive(track: Track): void {
    this.#tracks.push(track);
    track.onMessage((packet) => {
      const type = packet[1] ?? 0;
      if (type >= 192 && type <= 223) return; // RTCP
      this.packets.push(packet);
      this.#onPacket();
    });
  }
}
