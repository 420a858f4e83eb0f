import { LiveError } from '@lianmai/contract';
import type { ConferenceJoin } from '@lianmai/contract/rest';
import type { RoomRow } from '../../store/schema.ts';
import type { Addresses } from '../addresses.ts';
import { newSigningKey } from '../auth/secrets.ts';
import type { ConferenceHall } from '../conference/hall.ts';
import { newConferenceId, newMemberStream } from '../conference/names.ts';
import { memberNamed } from '../conference/rules.ts';
import { type Gathering, newConference } from '../conference/state.ts';
import type { ConferenceView } from '../conference/view.ts';
import type { LiveBoard } from '../live/board.ts';

export interface TalksOptions {
  hall: ConferenceHall;
  view: ConferenceView;
  live: LiveBoard;
  addresses: Addresses;
  now: () => number;
}

/** An anchor in a talk: the room tells where its own stream is. */
export type TalkAnchor = Pick<RoomRow, 'anchorId' | 'stream' | 'channelId'>;

/** Of a member that is heard: more than co-anchors and battles ever have. */
const CAPACITY = 20;

/**
 * The conferences in which those on air see and hear one another. An anchor may publish to the conference, or go on with its
 * room's own stream (by OBS, or to save a browser the second upload): then that stream stands in for it.
 */
export class Talks {
  readonly #options: TalksOptions;

  constructor(options: TalksOptions) {
    this.#options = options;
  }

  /**
   * The conference of a talk: the one there is, or a new one, owned by this anchor.
   * @param id as it was kept; null: none yet.
   * @param keep writes down the id of a new one before it is there, so that none is forgotten.
   * @returns its id.
   */
  async begin(
    id: string | null,
    { appId, accountId, anchorId, title }: Pick<RoomRow, 'appId' | 'accountId' | 'anchorId' | 'title'>,
    keep: (id: string) => Promise<unknown>,
  ): Promise<string> {
    const { hall, now } = this.#options;
    const there = id === null ? undefined : await this.find(id);
    if (there?.conference.state === 'open') return there.conference.id;
    // Under another id than one that has ended: addresses of before are worthless, and nobody is to take them for these.
    const begun = id === null || there ? newConferenceId() : id;
    if (begun !== id) await keep(begun);
    const row = {
      appId,
      accountId,
      title,
      capacity: CAPACITY,
      open: 0,
      key: newSigningKey(),
      ownerId: anchorId,
    } as const;
    await hall.open(newConference({ ...row, id: begun }, now()));
    return begun;
  }

  find(id: string): Promise<Gathering | undefined> {
    return this.#options.hall.find(id);
  }

  /** Joining again changes nothing. @throws LiveError CONFERENCE_ENDED, CONFERENCE_FULL. */
  async join(id: string, who: { userId: string; nickname: string }, role: 'owner' | 'member'): Promise<void> {
    await this.#options.hall.change(id, () => ({
      type: 'join',
      ...who,
      role,
      stream: newMemberStream(id),
      pardon: true,
    }));
    await this.attend(id, who.userId);
  }

  /** A member that is there by its page: the end of its stream is not its goodbye, it may only be loading anew. */
  async attend(id: string, userId: string): Promise<void> {
    await this.#change(id, (there) => (memberNamed(there, userId) ? { type: 'polled', userId } : null));
  }

  /** Has an anchor in it who is there by its page or its own stream: it is not given up for its silence, or comes back. */
  async keep(id: string, anchor: { userId: string; nickname: string }, role: 'owner' | 'member'): Promise<void> {
    const there = await this.find(id);
    if (there?.conference.state !== 'open') return;
    const isOwner = there.conference.ownerId === anchor.userId;
    if (!memberNamed(there, anchor.userId) || (role === 'owner' && !isOwner)) await this.join(id, anchor, role);
    else await this.attend(id, anchor.userId);
  }

  /** Takes somebody out; when that is nobody, nothing. */
  async leave(id: string, userId: string, how: 'leave' | 'kick'): Promise<void> {
    await this.#change(id, (there) => (memberNamed(there, userId) ? { type: how, userId } : null));
  }

  async end(id: string): Promise<void> {
    await this.#change(id, () => ({ type: 'end' }));
  }

  /** How this member takes part; null: it does not. */
  admission(there: Gathering, userId: string, anchors: readonly TalkAnchor[]): ConferenceJoin | null {
    const self = memberNamed(there, userId);
    if (!self) return null;
    const join = this.#options.view.join(there, self);
    return { ...join, members: join.members.map((member) => this.#withOwnStream(member, anchors)) };
  }

  /** What mixers take as the picture and sound of this anchor; null: it has none now. */
  anchorStream(there: Gathering | undefined, anchor: TalkAnchor): string | null {
    return this.memberStream(there, anchor.anchorId) ?? (this.isLive(anchor) ? anchor.stream : null);
  }

  /** The stream of a member that is on air in the conference; null: it is not. */
  memberStream(there: Gathering | undefined, userId: string): string | null {
    const member = there && memberNamed(there, userId);
    return member?.state === 'on-air' ? member.stream : null;
  }

  /** Whether the room's own stream is there. */
  isLive({ stream, channelId }: TalkAnchor): boolean {
    const entry = this.#options.live.get(stream);
    return entry?.channelId === channelId && entry.interruptedAtMs === null;
  }

  #withOwnStream(
    member: ConferenceJoin['members'][number],
    anchors: readonly TalkAnchor[],
  ): ConferenceJoin['members'][number] {
    const anchor = anchors.find(({ anchorId }) => anchorId === member.userId);
    if (!anchor || member.state === 'on-air' || !this.isLive(anchor)) return member;
    const { http, rtmp } = this.#options.addresses;
    const { stream } = anchor;
    const play = {
      whep: `${http}/live/${stream}.whep?${OWN_STREAM}`,
      flv: `${http}/live/${stream}.flv?${OWN_STREAM}`,
      rtmp: `${rtmp}/live/${stream}?${OWN_STREAM}`,
    };
    return { ...member, state: 'on-air', stream, play };
  }

  /** For a conference that may be over already. */
  async #change(id: string, decide: Parameters<ConferenceHall['change']>[1]): Promise<void> {
    try {
      await this.#options.hall.change(id, decide);
    } catch (error) {
      if (!(error instanceof LiveError)) throw error;
    }
  }
}

/** In a play address: the channel's own stream, whatever its program is. */
const OWN_STREAM = 'source=direct';
