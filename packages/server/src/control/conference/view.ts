import type {
  CallState,
  Conference,
  ConferenceJoin,
  ConferenceMember,
  ConferencePresence,
} from '@lianmai/contract/rest';
import { iceServersFor } from '../../auth/turn-credentials.ts';
import type { ChannelRow, ConferenceMemberRow, ConferenceRow } from '../../store/schema.ts';
import type { Addresses } from '../addresses.ts';
import { playUrls } from '../channel/urls.ts';
import { rfc3339 } from '../rest/time.ts';
import { tokenFor } from './rules.ts';
import { type Gathering, isPresent } from './state.ts';

export interface ConferenceViewDeps {
  addresses: Addresses;
  iceServers: readonly unknown[];
  turnSecret: string | null;
  now: () => number;
}

/** Shows a conference: to the operator as it is, to a member with addresses that carry the member's token. */
export class ConferenceView {
  readonly #deps: ConferenceViewDeps;

  constructor(deps: ConferenceViewDeps) {
    this.#deps = deps;
  }

  /** @param channel by which it can be watched; null: it cannot. */
  conference({ conference, members }: Gathering, channel: Pick<ChannelRow, 'id' | 'stream'> | null): Conference {
    const { id, appId, title, state, open, capacity, ownerId, version, createdAt, endedAt } = conference;
    return {
      id,
      appId,
      title,
      state,
      open: open === 1,
      channel: channel && { ...channel, play: playUrls(this.#deps.addresses, channel.stream, null, 0) },
      capacity,
      ownerId,
      version,
      members: members.filter(isPresent).map((member) => presence(member, ownerId)),
      createdAt: rfc3339(createdAt),
      endedAt: endedAt === null ? null : rfc3339(endedAt),
    };
  }

  join(gathering: Gathering, self: ConferenceMemberRow): ConferenceJoin {
    const { addresses, iceServers, turnSecret, now } = this.#deps;
    const { stream, userId } = self;
    const query = `?token=${tokenFor(gathering.conference, self, ['publish'], now())}`;
    return {
      ...this.state(gathering, self),
      userId,
      stream,
      publish:
        stream === null
          ? null
          : {
              whip: `${addresses.http}/live/${stream}.whip${query}`,
              rtmp: `${addresses.rtmp}/live/${stream}${query}`,
            },
      iceServers: iceServersFor(iceServers, turnSecret, userId, now()),
    };
  }

  state({ conference, members }: Gathering, self: ConferenceMemberRow): CallState {
    const { id, version, ownerId } = conference;
    const present = members.filter(isPresent);
    const query = `?token=${tokenFor(conference, self, ['play'], this.#deps.now())}`;
    const shown = present.flatMap((member) => this.#member(conference, member, query) ?? []);
    return {
      conferenceId: id,
      version,
      members: shown,
      viewers: present.length - shown.length,
      token: tokenFor(
        conference,
        self,
        self.stream === null ? ['act', 'play'] : ['act', 'publish', 'play'],
        this.#deps.now(),
      ),
      owner: ownerId === self.userId,
    };
  }

  #member({ ownerId }: ConferenceRow, member: ConferenceMemberRow, query: string): ConferenceMember | null {
    const { userId, nickname, stream } = member;
    if (stream === null) return null;
    const { http, rtmp } = this.#deps.addresses;
    return {
      userId,
      nickname,
      owner: userId === ownerId,
      state: stateOf(member),
      muted: mutedOf(member),
      stream,
      play: {
        whep: `${http}/live/${stream}.whep${query}`,
        flv: `${http}/live/${stream}.flv${query}`,
        rtmp: `${rtmp}/live/${stream}${query}`,
      },
    };
  }
}

function presence(member: ConferenceMemberRow, ownerId: string | null): ConferencePresence {
  const { userId, nickname, stream, joinedAt } = member;
  const owner = userId === ownerId;
  return {
    userId,
    nickname,
    owner,
    role: owner ? 'owner' : stream === null ? 'viewer' : 'member',
    state: stateOf(member),
    muted: mutedOf(member),
    stream,
    joinedAt: rfc3339(joinedAt),
  };
}

/** Who was kicked is not shown. */
const stateOf = ({ state }: ConferenceMemberRow) => (state === 'kicked' ? 'joining' : state);

const mutedOf = ({ audioMutedBy, videoMutedBy }: ConferenceMemberRow) => ({
  audio: audioMutedBy !== null,
  video: videoMutedBy !== null,
});
