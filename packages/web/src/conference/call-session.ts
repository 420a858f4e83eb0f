import type { CallState, ConferenceJoin, ConferenceMember, IceServer } from '@lianmai/contract/rest';
import { Audience, type OpenViewer, type Received } from '../conference/audience.ts';
import { Meter } from '../conference/meter.ts';
import { MuteSync } from '../conference/mute-sync.ts';
import { OnAir, type OpenPublisher, type SentMedia } from '../conference/on-air.ts';
import { type TileState, tileState } from '../conference/tile-state.ts';
import type { Page } from '../player/page.ts';
import { reconnectDelayMs } from '../player/reconnect.ts';
import { Timer } from '../player/timer.ts';
import { onThisOrigin } from '../rtc/endpoint.ts';
import type { Bars } from '../rtc/quality.ts';
import type { CallApi, CallProblem, Identity, Muted } from './api.ts';

/** Why a call is over for us. `closed`: by its own server's rules; the message says which. */
export type CallEnd = 'left' | 'kicked' | 'ended' | 'full' | 'closed';

/** Somebody else in the call. */
export interface MemberView {
  userId: string;
  nickname: string;
  owner: boolean;
  muted: Muted;
  state: TileState;
  media: MediaStream | null;
  /** Null before it was measured. */
  bars: Bars | null;
  speaking: boolean;
}

export interface SelfView {
  nickname: string;
  owner: boolean;
  /** On air: others can see and hear us. */
  state: 'connecting' | 'reconnecting' | 'on-air' | 'watching';
  bars: Bars | null;
  speaking: boolean;
}

export interface CallSnapshot {
  phase: 'joining' | 'in' | 'over';
  end: { reason: CallEnd; message: string } | null;
  /** The server can't be asked at the moment; pictures may go on. */
  trouble: 'offline' | 'away' | null;
  self: SelfView;
  others: readonly MemberView[];
}

/** What happened, to be told in passing. */
export type CallNews =
  | { type: 'joined'; nickname: string }
  | { type: 'left'; nickname: string }
  | { type: 'overruled'; kinds: readonly (keyof Muted)[] }
  | { type: 'owner' };

export interface CallOptions {
  conference: string;
  nickname: string;
  /** Of an earlier join or an invitation. */
  identity: Identity | null;
  api: CallApi;
  media: SentMedia;
  openPublisher: OpenPublisher;
  openViewer: OpenViewer;
  page: Page;
  /** Who one is now; null: nobody any more. */
  remember(identity: Identity | null): void;
  tell(news: CallNews): void;
  /** The owner's word: to be switched off here. */
  overruled(kinds: readonly (keyof Muted)[]): void;
  /** From 0 to 1. */
  random(): number;
}

/** What leads nowhere sooner than this is not tried again at once: news that are none, joins that do not hold. */
const LOOP_MS = 1_000;
/** Addresses that are refused although they are this new are not at fault. */
const FRESH_MS = 60_000;

/** One person's part in one call: joins, publishes, receives the others, follows the news, leaves. */
export class CallSession {
  readonly #options: CallOptions;
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  readonly #pause = new Timer();
  readonly #meter: Meter;
  #endPause: () => void = () => undefined;
  #identity: Identity | null;
  #phase: CallSnapshot['phase'] = 'joining';
  #end: CallSnapshot['end'] = null;
  #trouble: CallSnapshot['trouble'] = null;
  #state: CallState | null = null;
  #onAir: OnAir | null = null;
  #audience: Audience | null = null;
  #muteSync: MuteSync | null = null;
  #attempt = 0;
  #following = new AbortController();
  #joinedAtMs = Number.NEGATIVE_INFINITY;
  /** There while addresses of another join are waited for. */
  #renewal: PromiseWithResolvers<null> | null = null;
  #snapshot: CallSnapshot;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#identity = options.identity;
    this.#meter = new Meter(() => this.#publish());
    this.#snapshot = this.#describe();
    options.page.watch({ online: () => this.#networkChanged(), shown: () => undefined }, this.#closing.signal);
    void this.#run();
  }

  get snapshot(): CallSnapshot {
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Microphone, camera or screen are others. */
  mediaChanged(): void {
    this.#onAir?.mediaChanged();
    this.#muteSync?.set(this.#options.media.muted);
  }

  /** As the owner. */
  mute(userId: string, muted: Partial<Muted>): void {
    const { api, conference } = this.#options;
    if (this.#identity) void api.mute(conference, this.#identity, userId, muted);
  }

  /** As the owner. */
  kick(userId: string): void {
    const { api, conference } = this.#options;
    if (this.#identity) void api.kick(conference, this.#identity, userId);
  }

  /** Says goodbye; also while the page is closing. Idempotent. */
  leave(): void {
    if (this.#phase === 'over') return;
    const { api, conference } = this.#options;
    // Before it is over: that forgets who we were.
    if (this.#identity && this.#state) api.leave(conference, this.#identity);
    this.#over('left', '');
  }

  /** Leaves, and tells nobody here any more. Idempotent. */
  close(): void {
    this.#listeners.clear();
    this.leave();
  }

  // ---- the server's word

  async #run(): Promise<void> {
    while (await this.#join()) {
      // Gone too long, or with tokens that are too old: joining again goes on as the same member.
      if (!(await this.#follow())) return;
      if (performance.now() - this.#joinedAtMs < LOOP_MS) await this.#wait(2 * LOOP_MS);
    }
  }

  /** @returns whether we are in; false when it is over. */
  async #join(): Promise<boolean> {
    const { api, conference, nickname, remember } = this.#options;
    while (!this.#closing.signal.aborted) {
      const answer = await api.join(conference, nickname, this.#identity);
      if (this.#closing.signal.aborted) {
        // Left while the answer was on its way: nobody should wait for us.
        if (answer.ok) api.leave(conference, answer.value);
        return false;
      }
      if (answer.ok) {
        const { userId, token } = answer.value;
        this.#identity = { userId, token };
        remember(this.#identity);
        this.#enter(answer.value);
        return true;
      }
      const { problem } = answer;
      if (problem.kind !== 'refused') {
        await this.#waitAfter(problem);
      } else if (this.#identity && (problem.name === 'BAD_SIGNATURE' || problem.name === 'NOT_A_MEMBER')) {
        // Of a call that is over: a new one may have begun.
        this.#identity = null;
      } else {
        this.#over(ENDS[problem.name] ?? 'closed', problem.message);
        return false;
      }
    }
    return false;
  }

  #enter(join: ConferenceJoin): void {
    const { media, openPublisher, openViewer, random } = this.#options;
    const iceServers = join.iceServers.map(iceServerOf);
    const changed = () => this.#publish();
    const freshAddress = () => this.#renewAddresses();
    this.#phase = 'in';
    this.#joinedAtMs = performance.now();
    this.#attempt = 0;
    this.#trouble = null;
    this.#state = null;
    this.#audience ??= new Audience({ iceServers, openViewer, freshAddress, changed, random });
    if (join.publish) {
      const address = onThisOrigin(join.publish.whip);
      if (this.#onAir) this.#onAir.address = address;
      else this.#onAir = new OnAir({ address, iceServers, media, openPublisher, freshAddress, changed, random });
      const self = join.members.find(({ userId }) => userId === join.userId);
      this.#muteSync?.close();
      this.#muteSync = this.#syncMute(self?.muted ?? { audio: false, video: false });
    }
    this.#take(join);
    this.#renewal?.resolve(null);
    this.#renewal = null;
  }

  /** They carry tokens that expire: joining again gives others, which are set before this resolves. */
  async #renewAddresses(): Promise<null> {
    if (performance.now() - this.#joinedAtMs < FRESH_MS) return null;
    this.#renewal ??= Promise.withResolvers();
    this.#following.abort();
    this.#pause.stop();
    this.#endPause();
    return this.#renewal.promise;
  }

  #syncMute(taken: Muted): MuteSync {
    const { api, conference, media, overruled, tell } = this.#options;
    return new MuteSync(
      {
        send: async (changed) => {
          if (!this.#identity) return 'failed';
          const answer = await api.mute(conference, this.#identity, null, changed);
          if (answer.ok) return 'done';
          return answer.problem.kind === 'refused' && answer.problem.name === 'FORBIDDEN' ? 'forbidden' : 'failed';
        },
        overruled: (kinds) => {
          overruled(kinds);
          tell({ type: 'overruled', kinds });
        },
      },
      taken,
      media.muted,
    );
  }

  /** Follows the news. @returns whether to join again; false when it is over. */
  async #follow(): Promise<boolean> {
    const { api, conference } = this.#options;
    this.#following = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, this.#following.signal]);
    while (!signal.aborted && this.#identity && this.#state) {
      const since = this.#state.version;
      const askedAtMs = performance.now();
      const answer = await api.news(conference, this.#identity.token, since, signal);
      if (signal.aborted) break;
      if (answer.ok) {
        this.#attempt = 0;
        this.#trouble = null;
        this.#take(answer.value);
        if (answer.value.version === since && performance.now() - askedAtMs < LOOP_MS) await this.#wait(2 * LOOP_MS);
      } else if (answer.problem.kind !== 'refused') {
        await this.#waitAfter(answer.problem);
      } else if (REJOIN.has(answer.problem.name)) {
        return true;
      } else {
        this.#over(ENDS[answer.problem.name] ?? 'closed', answer.problem.message);
        return false;
      }
    }
    return this.#renewal !== null && !this.#closing.signal.aborted;
  }

  #take(state: CallState): void {
    const before = this.#state;
    if (before && state.version < before.version) return;
    this.#state = state;
    const self = this.#identity?.userId ?? '';
    if (this.#identity && state.token !== this.#identity.token) {
      this.#identity = { userId: self, token: state.token };
      this.#options.remember(this.#identity);
    }
    const others = state.members.filter(({ userId }) => userId !== self);
    this.#audience?.update(others);
    this.#onAir?.limitFor(state.members.length);
    const own = state.members.find(({ userId }) => userId === self);
    if (own) this.#muteSync?.heard(own.muted);
    if (before) this.#tellChanges(before, state, self);
    this.#meter.watch([
      ...(this.#onAir ? [{ key: OWN, peer: () => this.#onAir?.peer ?? null }] : []),
      ...others.map(({ userId }) => ({ key: userId, peer: () => this.#audience?.of(userId)?.link.peer ?? null })),
    ]);
    this.#publish();
  }

  #tellChanges(before: CallState, now: CallState, self: string): void {
    const { tell } = this.#options;
    const missing = (one: CallState, two: CallState): ConferenceMember[] =>
      one.members.filter(({ userId }) => userId !== self && !two.members.some((other) => other.userId === userId));
    for (const { nickname } of missing(now, before)) tell({ type: 'joined', nickname });
    for (const { nickname } of missing(before, now)) tell({ type: 'left', nickname });
    if (now.owner && !before.owner) tell({ type: 'owner' });
  }

  // ---- waiting

  async #waitAfter({ kind }: Extract<CallProblem, { kind: 'offline' | 'away' }>): Promise<void> {
    this.#trouble = kind;
    this.#attempt++;
    this.#publish();
    await this.#wait(reconnectDelayMs(this.#attempt, this.#options.random()));
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#endPause = resolve;
      this.#pause.start(ms, resolve);
    });
  }

  #networkChanged(): void {
    const { online } = this.#options.page;
    this.#trouble = online ? this.#trouble && 'away' : 'offline';
    if (online) {
      this.#onAir?.hurry();
      this.#audience?.hurry();
      this.#pause.stop();
      this.#endPause();
    }
    this.#publish();
  }

  #over(reason: CallEnd, message: string): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#end = { reason, message };
    this.#options.remember(null);
    this.#closing.abort();
    this.#pause.stop();
    this.#endPause();
    this.#meter.close();
    this.#muteSync?.close();
    this.#audience?.close();
    this.#onAir?.close();
    this.#publish();
  }

  // ---- telling

  #describe(): CallSnapshot {
    const { nickname } = this.#options;
    const self = this.#identity?.userId;
    const others = (this.#phase === 'in' ? (this.#state?.members ?? []) : []).filter(({ userId }) => userId !== self);
    return {
      phase: this.#phase,
      end: this.#end,
      trouble: this.#trouble,
      self: {
        nickname,
        owner: this.#state?.owner ?? false,
        state: this.#phase === 'in' && !this.#onAir ? 'watching' : (this.#onAir?.state ?? 'connecting'),
        ...this.#meter.of(OWN),
      },
      others: others.map((member) => this.#view(member, this.#audience?.of(member.userId) ?? null)),
    };
  }

  #view(member: ConferenceMember, received: Received | null): MemberView {
    const { userId, nickname, owner, muted } = member;
    const state = tileState(member, received?.link ?? null);
    const { bars, speaking } = this.#meter.of(userId);
    return {
      userId,
      nickname,
      owner,
      muted,
      state,
      media: received?.media ?? null,
      bars: state === 'picture' || state === 'camera-off' ? bars : state === 'joining' ? null : 0,
      speaking: speaking && !muted.audio,
    };
  }

  #publish(): void {
    this.#snapshot = this.#describe();
    for (const listener of this.#listeners) listener();
  }
}

/** In the meter, the one publishing connection among those that receive. */
const OWN = '';

const REJOIN: ReadonlySet<string> = new Set(['NOT_A_MEMBER', 'BAD_SIGNATURE']);
const ENDS: Readonly<Record<string, CallEnd>> = {
  MEMBER_KICKED: 'kicked',
  CONFERENCE_FULL: 'full',
  CONFERENCE_ENDED: 'ended',
  CONFERENCE_NOT_FOUND: 'ended',
};

function iceServerOf({ urls, username, credential }: IceServer): RTCIceServer {
  return { urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) };
}
