import { Audio, PeerConnection, type Track, Video } from 'node-datachannel';

const H264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';

/** A WebRTC client on 127.0.0.1 that takes H.264 and Opus, by the native library. To be closed. */
export class NativeViewer {
  readonly #connection = new PeerConnection('viewer', { iceServers: [], bindAddress: '127.0.0.1' });
  readonly #tracks: Track[] = [];

  /** Without candidates, so that it begins: the library may fail when it is checked before it has the answer. */
  async offer(): Promise<string> {
    const connection = this.#connection;
    const audio = new Audio('0', 'RecvOnly');
    audio.addOpusCodec(111);
    const video = new Video('1', 'RecvOnly');
    video.addH264Codec(102, H264);
    this.#tracks.push(connection.addTrack(audio), connection.addTrack(video));
    const gathered = new Promise<void>((resolve) => {
      connection.onGatheringStateChange((state) => state === 'complete' && resolve());
    });
    connection.setLocalDescription('offer');
    await gathered;
    const { sdp } = connection.localDescription() ?? { sdp: '' };
    return sdp.replace(/^a=(candidate:|end-of-candidates).*\r\n/gm, '');
  }

  accept(answer: string): void {
    this.#connection.setRemoteDescription(answer, 'answer');
  }

  close(): void {
    for (const track of this.#tracks) track.close();
    this.#connection.close();
  }
}
