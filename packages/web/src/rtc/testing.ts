import { Refusal, type RtcSession, type Signalling } from './endpoint.ts';

/** As much of a peer connection as a session uses, moved by hand. */
export class FakePeer extends EventTarget {
  connectionState = 'new';
  iceGatheringState = 'complete';
  localDescription: { sdp: string } | null = null;
  remote: string | null = null;
  closed = false;
  /** While true something more has come whenever somebody looks. */
  hears = true;
  #bytesReceived = 0;

  async setLocalDescription(): Promise<void> {
    this.localDescription = { sdp: 'offer' };
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.remote = sdp;
  }

  close(): void {
    this.closed = true;
  }

  getReceivers(): never[] {
    return [];
  }

  async getStats(): Promise<Map<string, unknown>> {
    if (this.hears) this.#bytesReceived += 100;
    return new Map([['T', { type: 'transport', bytesReceived: this.#bytesReceived }]]);
  }

  become(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

/** A server that says what the test wants, and remembers what it was asked. */
export class FakeServer implements Signalling {
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  readonly asked: string[] = [];
  readonly peers: FakePeer[] = [];
  /** Set: offers are refused with it. */
  status: number | null = null;
  /** Of refusals. */
  retryAfterMs: number | null = null;
  /** Set: answers wait for it. */
  gate: Promise<void> = Promise.resolve();

  async begin(address: string): Promise<RtcSession> {
    this.begun.push(address);
    const no = this.begun.length;
    await this.gate;
    if (this.status !== null) throw new Refusal(this.status, 'SOME_ERROR', 'no', this.retryAfterMs);
    return { answer: 'answer', location: `/session/${no}` };
  }

  /** Set: what it says of sessions. */
  has: boolean | null = true;

  async ask(location: string): Promise<boolean | null> {
    this.asked.push(location);
    return this.has;
  }

  end(location: string, again: boolean): void {
    this.ended.push(again ? `${location}?again` : location);
  }

  readonly createPeer = (): RTCPeerConnection => {
    const peer = new FakePeer();
    this.peers.push(peer);
    return peer as unknown as RTCPeerConnection;
  };

  /** The newest peer. */
  get peer(): FakePeer {
    const peer = this.peers.at(-1);
    if (!peer) throw new Error('no peer was made');
    return peer;
  }
}

/** Lets everything that was promised come about. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
