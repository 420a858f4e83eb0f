import type { ConferenceMember } from '@lianmai/contract/rest';
import { onThisOrigin } from '../rtc/endpoint.ts';
import type { RtcLink } from '../rtc/link.ts';
import type { WhepOptions } from '../rtc/whep-client.ts';

/** A member as it is received; the WHEP client in the browser. */
export interface Received {
  readonly media: MediaStream;
  readonly link: Pick<RtcLink, 'state' | 'wasConnected' | 'peer' | 'hurry'> & { set address(address: string) };
  close(): void;
}
export type OpenViewer = (options: WhepOptions) => Received;

export interface AudienceOptions {
  iceServers: readonly RTCIceServer[];
  openViewer: OpenViewer;
  /** See `LinkOptions`. */
  freshAddress(): Promise<string | null>;
  changed(): void;
  /** From 0 to 1. */
  random(): number;
}

/** Receives every other member that sends. */
export class Audience {
  readonly #options: AudienceOptions;
  readonly #received = new Map<string, Received & { stream: string }>();

  constructor(options: AudienceOptions) {
    this.#options = options;
  }

  /** Null while it is not received. */
  of(userId: string): Received | null {
    return this.#received.get(userId) ?? null;
  }

  /** Who is there now, oneself left out. */
  update(others: readonly ConferenceMember[]): void {
    const wanted = new Map(others.filter(({ state }) => state !== 'joining').map((member) => [member.userId, member]));
    for (const [userId, { stream }] of this.#received) if (wanted.get(userId)?.stream !== stream) this.#drop(userId);
    for (const member of wanted.values()) this.#receive(member);
  }

  /** The network is back. */
  hurry(): void {
    for (const { link } of this.#received.values()) link.hurry();
  }

  /** Idempotent. */
  close(): void {
    for (const userId of [...this.#received.keys()]) this.#drop(userId);
  }

  #receive({ userId, stream, play }: ConferenceMember): void {
    const address = onThisOrigin(play.whep);
    const there = this.#received.get(userId);
    if (there) {
      // Its token is renewed now and then.
      there.link.address = address;
      return;
    }
    const { iceServers, openViewer, freshAddress, changed, random } = this.#options;
    const { media, link, close } = bound(openViewer({ address, iceServers, freshAddress, changed, random }));
    this.#received.set(userId, { media, link, close, stream });
  }

  #drop(userId: string): void {
    this.#received.get(userId)?.close();
    this.#received.delete(userId);
  }
}

const bound = (received: Received): Received => ({
  media: received.media,
  link: received.link,
  close: () => received.close(),
});
