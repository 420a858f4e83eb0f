import assert from 'node:assert/strict';
import { type ErrorBody, LiveError, type MixJob } from '@lianmai/contract';
import type { Conference, ConferenceJoin, ConferenceMember, IssuedToken, Room } from '@lianmai/contract/rest';
import type { Settings } from '../../../settings/settings.ts';
import type { Store } from '../../../store/store.ts';
import { type ChatPeer, ChatWorker } from '../../im/testing/chat-worker.ts';
import type { FakeMixer } from '../../testing/fake-mixer.ts';
import type { FakeWorker } from '../../testing/fake-worker.ts';
import { OPERATOR_KEY, TestControl } from '../../testing/test-control.ts';
import { until } from '../../testing/until.ts';

/** A room with its anchor in it, live or not. */
export interface SetRoom {
  id: string;
  channel: Room['channel'];
  anchor: ChatPeer;
  token: string;
}

/** How much slower than the machine's the clock goes: nothing is late because the machine is busy. */
const SLOWER = 20;
const PASS_STEP_MS = 500;
const PASS_EVERY_MS = 5;

/** Goes slowly by itself, and is put forward. */
class Clock {
  readonly #startMs = Date.now();
  #aheadMs = 0;

  get ms(): number {
    return this.#startMs + Math.floor((Date.now() - this.#startMs) / SLOWER) + this.#aheadMs;
  }

  set ms(ms: number) {
    this.#aheadMs += ms - this.ms;
  }

  /**
   * Goes on step by step, no faster than what depends on it can follow, until it holds.
   * @param most that may pass; it then stands there.
   */
  async pass(until: () => boolean, most = Number.POSITIVE_INFINITY): Promise<void> {
    const end = this.ms + most;
    while (!until()) {
      if (this.ms + PASS_STEP_MS < end) this.ms += PASS_STEP_MS;
      await new Promise((resolve) => setTimeout(resolve, PASS_EVERY_MS));
    }
  }
}

/** Anchors, guests and battles on one control, with as much of chat, media and mixers as control sees. */
export class CohostSet {
  readonly control: TestControl;
  readonly chat: ChatWorker;
  readonly media: FakeWorker;
  readonly mixer: FakeMixer;
  readonly clock: Clock;
  readonly #tokens = new Map<string, string>();
  #people = 0;

  private constructor(parts: Pick<CohostSet, 'control' | 'chat' | 'media' | 'mixer' | 'clock'>) {
    this.control = parts.control;
    this.chat = parts.chat;
    this.media = parts.media;
    this.mixer = parts.mixer;
    this.clock = parts.clock;
  }

  static async begin(
    store: Store,
    { settings, cores }: { settings?: Partial<Settings>; cores?: number } = {},
  ): Promise<CohostSet> {
    const clock = new Clock();
    const control = await TestControl.start({ store, now: () => clock.ms, ...(settings ? { settings } : {}) });
    const mixer = await control.mixer('mixer-0', { cores: cores ?? 64 });
    const media = await control.worker('w1');
    return new CohostSet({ control, clock, mixer, media, chat: await ChatWorker.join(control.bus, 'edge-0') });
  }

  close = () => this.control.close();

  /** A name that nobody had before. */
  name(role: string): string {
    return `${role}-${++this.#people}`;
  }

  async token(userId: string, key = OPERATOR_KEY): Promise<string> {
    const known = this.#tokens.get(`${key} ${userId}`);
    if (known) return known;
    const { body } = await this.control.post<IssuedToken>('/v1/users/token', { userId, nickname: userId }, { key });
    this.#tokens.set(`${key} ${userId}`, body.token);
    return body.token;
  }

  async online(userId: string, key?: string): Promise<ChatPeer> {
    return this.chat.connect(await this.token(userId, key));
  }

  async room(body: object = {}, userId = this.name('anchor')): Promise<SetRoom> {
    const token = await this.token(userId);
    const answer = await this.control.post<Room>('/v1/rooms', { title: 'Songs', ...body }, { key: token });
    assert.equal(answer.status, 201, answer.text);
    const anchor = await this.online(userId);
    await anchor.call('room.enter', { roomId: answer.body.id });
    return { id: answer.body.id, channel: answer.body.channel, anchor, token };
  }

  async liveRoom(body: object = {}, userId?: string): Promise<SetRoom> {
    const room = await this.room(body, userId);
    await this.push(room);
    await until(async () => (await this.stateOf(room)) === 'live');
    return room;
  }

  async stateOf({ id }: Pick<SetRoom, 'id'>): Promise<string> {
    return (await this.control.get<Room>(`/v1/rooms/${id}`)).body.state;
  }

  /** The anchor's own stream. */
  push({ channel }: SetRoom) {
    return this.media.publish(channel.stream, new URL(channel.push?.rtmp ?? '').search.slice(1));
  }

  async guest({ id }: Pick<SetRoom, 'id'>, userId = this.name('guest')): Promise<ChatPeer> {
    const peer = await this.online(userId);
    await peer.call('room.enter', { roomId: id });
    return peer;
  }

  /** Publishes to the conference. @returns the stream. */
  async publish(join: ConferenceJoin): Promise<string> {
    const stream = join.stream ?? '';
    await this.media.publish(stream, new URL(join.publish?.rtmp ?? '').search.slice(1));
    return stream;
  }

  /** Asked and accepted; the guest has not been seen yet. */
  async letIn(room: SetRoom, guest: ChatPeer): Promise<{ id: string; join: ConferenceJoin }> {
    const { session } = await guest.call('cohost.request', { roomId: room.id });
    await room.anchor.call('cohost.respond', { sessionId: session.id, accept: true });
    const answered = await guest.event('cohost.answered', (params) => params.session.id === session.id);
    return { id: session.id, join: answered.conference };
  }

  /** The guest is on air, and in the mix. */
  async onAir(room: SetRoom, guest: ChatPeer): Promise<{ id: string; join: ConferenceJoin; stream: string }> {
    const { id, join } = await this.letIn(room, guest);
    const stream = await this.publish(join);
    await room.anchor.event('cohost.started', (params) => params.session.id === id);
    await until(() => this.inputs(room).includes(stream));
    return { id, join, stream };
  }

  /** Resolves when the conference has heard what became of this member's stream. */
  async memberIs({ identity }: ChatPeer, conferenceId: string, state: ConferenceMember['state']): Promise<void> {
    await until(async () => {
      const { body } = await this.control.get<Conference>(`/v1/conferences/${conferenceId}`);
      return body.members.some((member) => member.userId === identity.userId && member.state === state);
    });
  }

  /** The mix that viewers of the room get; undefined: the anchor's own stream. */
  mixOf({ channel }: Pick<SetRoom, 'channel'>): MixJob | undefined {
    return [...this.mixer.jobs.values()].find(({ programs }) =>
      programs.some(({ stream }) => stream === channel.stream),
    );
  }

  /** Streams in the room's mix. */
  inputs(room: Pick<SetRoom, 'channel'>): (string | null)[] {
    return (this.mixOf(room)?.inputs ?? []).map((input) => ('stream' in input.source ? input.source.stream : null));
  }

  /** Resolves when the room's viewers get the anchor's own stream, and there is no mix of it left. */
  async direct(room: Pick<SetRoom, 'channel'>): Promise<void> {
    await until(() => this.mixOf(room) === undefined);
  }

  ended(peer: ChatPeer, id: string) {
    return peer.event('cohost.ended', ({ session }) => session.id === id);
  }
}

/** The name of the error that a call is refused with. */
export async function refused(call: Promise<unknown>): Promise<ErrorBody['error']['name'] | 'done'> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (error instanceof LiveError) return error.name;
    return (error as ErrorBody['error']).name;
  }
}
