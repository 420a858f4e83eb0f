import type { EventEmitter } from 'node:events';
import { type EndReason, LiveError } from '@lianmai/contract';
import type { Frame } from '@lianmai/media';
import { type DeliveryDirectives, type Variant, writeMultivariantPlaylist } from '@lianmai/media/hls';
import type { Logger } from '../../log/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { LiveStream, StreamSink } from '../hub/sink.ts';
import { Content } from './content.ts';
import { type MediaFile, PLAYLIST_NAME } from './hls-file.ts';
import { Presentation } from './presentation.ts';
import { mediaReply, playlistReply, type Reply } from './reply.ts';
import { type Piece, Segmenter } from './segmenter.ts';
import { Waits } from './waits.ts';

export interface PackagerOptions {
  stream: LiveStream;
  settings: Pick<Settings, 'hlsSegmentMs' | 'hlsPartMs' | 'hlsWindow'>;
  /** Of the first segment. */
  firstMsn: number;
  log: Pick<Logger, 'warn' | 'error'>;
  /** Unix time, ms. */
  now(): number;
}

/** How long the first requests wait for a stream to have something to show. */
const FIRST_PLAYLIST_MS = 10_000;
/** More than a group of pictures of any sensible stream. */
const MOST_WAITING_BYTES = 64 << 20;
/** Signatures of a stream's viewers whose playlists are kept until the next part. */
const KEPT_PLAYLISTS = 64;

/** Makes one stream's HLS presentation, from the newest key frame on, and answers requests for it. */
export class HlsPackager implements StreamSink {
  readonly #stream: LiveStream;
  readonly #now: () => number;
  readonly #log: PackagerOptions['log'];
  readonly #segmenter: Segmenter;
  readonly #presentation: Presentation;
  readonly #waits = new Waits();
  /** Playlists of the current version, by what tells them apart. */
  readonly #playlists = new Map<string, Content>();
  #playlistVersion = -1;
  #clockSet = false;
  #endedAtMs: number | null = null;
  #lost = false;

  constructor({ stream, settings, firstMsn, log, now }: PackagerOptions) {
    this.#stream = stream;
    this.#now = now;
    this.#log = log;
    this.#presentation = new Presentation({ window: settings.hlsWindow, firstMsn });
    this.#segmenter = new Segmenter(settings, {
      gopMs: stream.gopMs,
      onUnreadable: (error) =>
        log.warn(
          { stream: stream.name, problem: error.message },
          'HLS leaves a track out: its configuration cannot be read',
        ),
    });
    const { video, audio } = stream.headers;
    const newest = stream.gop.at(-1);
    if (newest) this.#setClock(newest.dts);
    const heads = [video, audio].filter((head) => head !== null);
    this.#guarded(() => this.#add(this.#segmenter.seed([...heads, ...stream.gop])));
    stream.attach(this);
  }

  /** When the stream ended; null while it goes on. */
  get endedAtMs(): number | null {
    return this.#endedAtMs;
  }

  /** No frames come here any more, although the stream may go on elsewhere: whoever asks must be sent there. */
  get lost(): boolean {
    return this.#lost;
  }

  /** The first media sequence number that was not used. */
  get nextMsn(): number {
    return this.#presentation.nextMsn;
  }

  /** Requests held. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** Longer without a request, and a player has gone. */
  get patienceMs(): number {
    return 3000 * (this.#presentation.timing?.targetDurationS ?? 2) + 4000;
  }

  frame(frame: Frame): void {
    if (!this.#clockSet && frame.type !== 'config') this.#setClock(frame.dts);
    this.#guarded(() => this.#add(this.#segmenter.push(frame)));
    if (this.#segmenter.waitingBytes > MOST_WAITING_BYTES) this.#standsStill();
  }

  resumed(): void {
    this.#segmenter.resumed();
  }

  ended(reason: EndReason): void {
    if (this.#lost || this.#endedAtMs !== null) return;
    if (reason === 'shutdown' || reason === 'replaced') return this.#lose();
    this.#endedAtMs = this.#now();
    this.#guarded(() => this.#add(this.#segmenter.finish()));
    this.#presentation.end();
    this.#waits.wake();
  }

  /**
   * The playlist that says where the media playlist is and what it needs of a player.
   * @param query of the media playlist's address
   * @throws LiveError UNAVAILABLE when there is nothing to show in time, or the stream is not here any more.
   */
  async multivariant(query: string, client: EventEmitter): Promise<string> {
    await this.#playable(client);
    const { video, audio } = this.#presentation.configs;
    const { peak, average } = this.#presentation.bitrate;
    const variant: Variant = {
      uri: `${this.#stream.name}/${PLAYLIST_NAME}${query}`,
      bandwidth: Math.max(1, peak),
      averageBandwidth: Math.max(1, average),
      codecs: [video?.info.codecString, audio?.info.codecString].filter((codec) => codec !== undefined),
      ...(video && { resolution: { width: video.info.width, height: video.info.height } }),
      ...(video?.info.fps !== undefined && { frameRate: video.info.fps }),
    };
    return writeMultivariantPlaylist([variant]);
  }

  /**
   * The media playlist, held until it has what is asked for.
   * @param query put behind every address in it, `?` included
   * @throws LiveError BAD_REQUEST for what will not come soon; UNAVAILABLE when there is nothing to show in time.
   */
  async playlist({ msn, part, skip }: DeliveryDirectives, query: string, client: EventEmitter): Promise<Reply> {
    await this.#playable(client);
    const presentation = this.#presentation;
    const targetS = presentation.timing!.targetDurationS;
    if (msn === null) return playlistReply(this.#write(skip, query), 1);
    if (presentation.beyond(msn, part))
      throw new LiveError('BAD_REQUEST', `the playlist will not reach ${msn} soon: ask for the next segment or part`);
    const deadlineMs = this.#now() + 3000 * targetS;
    const reached = await this.#waits.until(() => presentation.reached(msn, part), deadlineMs, client);
    if (this.#lost) throw moved();
    // A publisher that is gone for a while is no error to its viewers: they get what there is, and ask again.
    return playlistReply(this.#write(skip, query), reached && !presentation.ended ? 6 * targetS : 0);
  }

  /** An initialization section, a segment or a part, null when it is not there; one that was announced is waited for. */
  async media(file: MediaFile, client: EventEmitter): Promise<Reply | null> {
    const presentation = this.#presentation;
    if (file.kind === 'part' && presentation.expects(file.msn, file.part)) {
      const ready = () => !presentation.expects(file.msn, file.part);
      await this.#waits.until(ready, this.#now() + this.patienceMs, client);
    }
    const data = this.#find(file);
    return data && mediaReply(Buffer.isBuffer(data) ? [data] : data);
  }

  sweep(nowMs: number): void {
    this.#waits.sweep(nowMs);
  }

  /** Stops packaging, and sends who waits away. */
  close(): void {
    this.#stream.detach(this);
    this.#lose();
  }

  #find(file: MediaFile): Buffer | readonly Buffer[] | null {
    switch (file.kind) {
      case 'init':
        return this.#presentation.init(file.id);
      case 'segment':
        return this.#presentation.segment(file.msn);
      case 'part':
        return this.#presentation.part(file.msn, file.part);
    }
  }

  async #playable(client: EventEmitter): Promise<void> {
    const presentation = this.#presentation;
    const ready = () => presentation.playable || presentation.ended || this.#lost;
    await this.#waits.until(ready, this.#now() + FIRST_PLAYLIST_MS, client);
    if (this.#lost) throw moved();
    if (presentation.playable) return;
    if (presentation.ended) throw new LiveError('STREAM_NOT_LIVE', `"${this.#stream.name}" is not live`);
    throw new LiveError('UNAVAILABLE', `"${this.#stream.name}" has nothing to show yet: try again`);
  }

  #write(skip: boolean, query: string): Content {
    if (this.#playlistVersion !== this.#presentation.version) {
      this.#playlistVersion = this.#presentation.version;
      this.#playlists.clear();
    }
    const key = `${skip} ${query}`;
    const known = this.#playlists.get(key);
    if (known) return known;
    const content = Content.text(this.#presentation.playlist({ skip, query }));
    if (this.#playlists.size < KEPT_PLAYLISTS) this.#playlists.set(key, content);
    return content;
  }

  #setClock(newestDts: number): void {
    this.#presentation.clockOffsetMs = this.#now() - newestDts;
    this.#clockSet = true;
  }

  #add(pieces: readonly Piece[]): void {
    if (pieces.length === 0) return;
    for (const piece of pieces) this.#presentation.add(piece, this.#segmenter.timing!);
    this.#waits.wake();
  }

  /** The hub must not suffer from what a stream's bytes do here. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#log.error({ err: error, stream: this.#stream.name }, 'HLS packaging failed');
      this.close();
    }
  }

  #standsStill(): void {
    this.#log.warn(
      { stream: this.#stream.name },
      'HLS packaging stopped: the stream sends frames whose times do not advance',
    );
    this.close();
  }

  #lose(): void {
    this.#lost = true;
    this.#waits.close();
  }
}

const moved = () => new LiveError('UNAVAILABLE', 'the stream is moving to another worker: try again in a second');
