import { setTimeout } from 'node:timers/promises';
import type { EndReason, LiveError } from '@lianmai/contract';
import type { Bus, Unsubscribe } from '../../bus/bus.ts';
import type { Logger } from '../../log/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Hub } from '../hub/hub.ts';
import type { LiveStreamImpl } from '../hub/live-stream.ts';
import { checkPlay } from '../hub/play-policy.ts';
import type { HubPort, PlayOptions, Publication, PublishOptions } from '../hub/ports.ts';
import type { LiveStream } from '../hub/sink.ts';
import type { Payer } from '../hub/worker-traffic.ts';
import type { Variants } from '../variant/variants.ts';
import { Director } from './director.ts';
import { ProgramBoard } from './program-board.ts';
import { ProgramStream } from './program-stream.ts';

export interface ProgramsOptions {
  hub: Pick<Hub, 'publish' | 'play' | 'take' | 'admit' | 'holder' | 'audienceOf' | 'traffic'>;
  variants: Pick<Variants, 'fitted'>;
  bus: Bus;
  settings: Pick<Settings, 'gopCacheBytes' | 'publishGraceMs'>;
  log: Pick<Logger, 'info' | 'debug'>;
  /** Unix time, ms; must not go back. */
  now(): number;
}

interface Shown {
  readonly channel: string;
  readonly stream: ProgramStream;
  readonly director: Director;
  /** Since when nobody takes it. */
  unwantedMs: number | null;
}

const TICK_MS = 250;
/** A newcomer to a program whose source takes longer sees the channel's own stream first. */
const SOURCE_WITHIN_MS = 2000;
/** A program outlives its last viewer by this: some attach only after a while. */
const LINGER_MS = 10_000;

/**
 * The hub as protocols use it: whoever plays a channel's stream gets its program, which is the channel's own stream or what its
 * lease says, on one connection and one timeline. Sources are converted before they are spliced, so there is one program for each
 * kind of players: those of WebRTC, and all others. Members' streams of conferences have none and are given as they are.
 */
export class Programs implements HubPort {
  readonly #options: ProgramsOptions;
  readonly #board = new ProgramBoard();
  readonly #shown = new Map<string, Shown>();
  readonly #opening = new Map<string, Promise<LiveStream>>();
  #unwatch: Unsubscribe | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ProgramsOptions) {
    this.#options = options;
  }

  /** Learns what is shown where, and lets time pass. */
  async start(): Promise<void> {
    await this.join();
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** {@link start} without the clock: whoever calls this calls {@link tick} too. */
  async join(): Promise<void> {
    this.#unwatch = await this.#board.watch(this.#options.bus, (channel) => {
      for (const shown of [...this.#shown.values()]) if (shown.channel === channel) shown.director.programChanged();
    });
  }

  publish(options: PublishOptions): Promise<Publication> {
    return this.#options.hub.publish(options);
  }

  play(options: PlayOptions): LiveStream | Promise<LiveStream> {
    const { hub } = this.#options;
    if (wantsOwn(options)) return this.#own(options);
    const program = this.#board.get(options.stream);
    const shown = this.#shown.get(keyOf(options));
    if (program || shown) {
      const play = hub.holder(options.stream)?.play ?? program?.play;
      if (play) checkPlay(play, options, this.#options.now());
      return shown?.stream ?? this.#share(options, () => this.#beginWith(program?.source ?? options.stream, options));
    }
    const own = hub.play(options);
    return own instanceof Promise ? own.then((late) => this.#beginOwn(late, options)) : this.#beginOwn(own, options);
  }

  admit(options: PlayOptions, revoked: (error: LiveError) => void): (() => void) | null {
    const { hub } = this.#options;
    const policy = hub.holder(options.stream)?.play ?? this.#board.get(options.stream)?.play;
    return hub.admit(options, revoked, policy);
  }

  /** Lets time pass: called a few times a second. */
  tick(): void {
    const nowMs = this.#options.now();
    for (const shown of [...this.#shown.values()]) {
      if (shown.stream.wanted) shown.unwantedMs = null;
      else shown.unwantedMs ??= nowMs;
      if (shown.unwantedMs !== null && nowMs - shown.unwantedMs >= LINGER_MS) shown.director.end('replaced');
      else shown.director.tick(nowMs);
    }
  }

  /** Ends all programs. Idempotent. */
  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#unwatch?.();
    this.#unwatch = null;
    for (const { director } of [...this.#shown.values()]) director.end('shutdown');
  }

  /** The channel's own stream, whatever viewers see. */
  #own(options: PlayOptions): LiveStream | Promise<LiveStream> {
    const { hub, variants } = this.#options;
    const own = hub.play(options);
    return own instanceof Promise ? own.then((late) => variants.fitted(late, options)) : variants.fitted(own, options);
  }

  #beginOwn(own: LiveStreamImpl, options: PlayOptions): LiveStream | Promise<LiveStream> {
    if (own.holder.play.members) return this.#options.variants.fitted(own, options);
    const shown = this.#shown.get(keyOf(options));
    return shown?.stream ?? this.#share(options, () => this.#options.variants.fitted(own, options));
  }

  /** What the channel shows, or while that cannot be had, its own stream. */
  #beginWith(source: string, options: PlayOptions): LiveStream | Promise<LiveStream> {
    const opening = this.#open(source, options);
    if (!(opening instanceof Promise) || source === options.stream) return opening;
    return this.#orOwn(opening, options);
  }

  async #orOwn(opening: Promise<LiveStream>, options: PlayOptions): Promise<LiveStream> {
    const patience = new AbortController();
    const late = setTimeout(SOURCE_WITHIN_MS, null, { signal: patience.signal }).catch(() => null);
    const timely = await Promise.race([opening.catch(() => null), late]);
    patience.abort();
    if (timely) return timely;
    try {
      return await this.#open(options.stream, options);
    } catch {
      return opening;
    }
  }

  /** Begins the program with its first source; all who ask until it is there get the same. */
  #share(options: PlayOptions, first: () => LiveStream | Promise<LiveStream>): LiveStream | Promise<LiveStream> {
    const key = keyOf(options);
    const known = this.#opening.get(key);
    if (known) return known;
    const opening = first();
    if (!(opening instanceof Promise)) return this.#show(key, options, opening);
    const shared = opening
      .then((source) => this.#show(key, options, source))
      .finally(() => {
        this.#opening.delete(key);
      });
    this.#opening.set(key, shared);
    return shared;
  }

  #open(name: string, options: PlayOptions): LiveStream | Promise<LiveStream> {
    const { hub, variants } = this.#options;
    const taken = hub.take(name);
    return taken instanceof Promise
      ? taken.then((late) => variants.fitted(late, options))
      : variants.fitted(taken, options);
  }

  #show(key: string, options: PlayOptions, first: LiveStream): LiveStream {
    const known = this.#shown.get(key);
    if (known || first.state === 'ended') return known?.stream ?? first;
    const { settings, bus, log, now } = this.#options;
    const channel = options.stream;
    const stream: ProgramStream = new ProgramStream({
      name: channel,
      first,
      gopCacheBytes: settings.gopCacheBytes,
      now,
      ...this.#counting(channel),
      changed: (ended?: EndReason) => shown.director.sourceChanged(ended),
    });
    const director = new Director(stream, first.name, {
      channel,
      graceMs: settings.publishGraceMs,
      program: () => this.#board.get(channel),
      open: (name) => this.#open(name, options),
      askForKeyFrame: (name) => bus.publish('stream.key-frame', { stream: name }),
      log,
      now,
      over: () => this.#shown.delete(key),
    });
    const shown: Shown = { channel, stream, director, unwantedMs: null };
    this.#shown.set(key, shown);
    director.programChanged();
    return stream;
  }

  /** Viewers and their bytes are the channel's, whatever they see. */
  #counting(channel: string) {
    const { hub } = this.#options;
    let payer: Payer = { channelId: '', accountId: '' };
    const current = () => {
      payer = hub.holder(channel) ?? this.#board.get(channel) ?? payer;
      return { payer, audience: hub.audienceOf(channel, payer) };
    };
    return {
      countViewers: (protocol: PlayOptions['protocol'], change: number) =>
        current().audience.countViewers(protocol, change),
      countSent: (protocol: PlayOptions['protocol'], bytes: number) => {
        const { payer, audience } = current();
        audience.countSent(bytes);
        hub.traffic.sent(payer, protocol, bytes);
      },
      countDropped: (frames: number) => {
        current().audience.countDropped(frames);
        hub.traffic.framesDropped += frames;
      },
    };
  }
}

/** What players of one kind share. */
function keyOf({ stream, protocol, tracks }: PlayOptions): string {
  return protocol === 'whep' ? `${stream} ${tracks?.join() ?? ''}` : stream;
}

/**
 * Whether `source=direct` is asked for: an anchor as those hear and see it who are on air with it; the program comes later, and
 * with themselves in it.
 */
const wantsOwn = ({ query }: PlayOptions): boolean =>
  query !== '' && new URLSearchParams(query).get('source') === 'direct';
