import type { AudioCodec, EndReason, IngestProtocol, MixTemplate, PlayProtocol, VideoCodec } from '@lianmai/contract';
import type { CohostEndReason, CohostState, PkEndReason, PkState } from '@lianmai/contract/im';
import type { RoomCloseReason, RoomState } from '@lianmai/contract/rest';

/*
 * The tables as rows, in the subset that SQLite and PostgreSQL share: ids are text, times are milliseconds since 1970,
 * flags are 0 or 1, JSON is text. Columns are snake_case in the database and camelCase here.
 */

export type Flag = 0 | 1;
export type AccountStatus = 'active' | 'suspended' | 'disabled';
export type PushAuth = 'signed' | 'open';
export type PlayAuth = 'open' | 'signed';

export interface AccountRow {
  id: string;
  name: string;
  status: AccountStatus;
  channelQuota: number;
  /** null: no limit. */
  trafficPackageBytes: number | null;
  /** Sent to viewers since the package began. */
  trafficUsedBytes: number;
  createdAt: number;
}

export interface AppRow {
  id: string;
  accountId: string;
  name: string;
  pushKey: string;
  pushKeyBackup: string | null;
  playKey: string;
  playKeyBackup: string | null;
  /** The app's number, which UserSigs name. */
  sdkAppId: number;
  /** Makes UserSigs. */
  secretKey: string;
  secretKeyBackup: string | null;
  /** Rooms of its users that may be open at once. */
  roomQuota: number;
  createdAt: number;
}

export interface ApiKeyRow {
  id: string;
  appId: string;
  name: string;
  /** SHA-256 of the key, hex. The key itself is not kept. */
  hash: string;
  /** The key's last characters, to recognise it by. */
  hint: string;
  createdAt: number;
}

export interface ChannelRow {
  id: string;
  appId: string;
  accountId: string;
  name: string;
  stream: string;
  pushAuth: PushAuth;
  playAuth: PlayAuth;
  listed: Flag;
  createdAt: number;
}

/** One publisher's time on a stream. Survives its channel only until the channel is deleted. */
export interface SessionRow {
  id: string;
  channelId: string;
  accountId: string;
  stream: string;
  worker: string;
  protocol: IngestProtocol;
  startedAt: number;
  /** When control last knew it live: what ends a session that ended while control was down. */
  lastSeenAt: number;
  endedAt: number | null;
  endReason: EndReason | null;
  peakViewers: number;
  videoCodec: VideoCodec | null;
  width: number | null;
  height: number | null;
  audioCodec: AudioCodec | null;
}

/** A channel's figures over the ten seconds before `at`. */
export interface FigureSampleRow {
  channelId: string;
  at: number;
  viewers: number;
  /** JSON: viewers by protocol. */
  viewersByProtocol: string;
  videoKbps: number;
  audioKbps: number;
  fps: number;
  gopMs: number;
  outKbps: number;
  framesDropped: number;
}

export interface TrafficDayRow {
  /** UTC, `2026-03-31`. */
  day: string;
  accountId: string;
  channelId: string;
  protocol: IngestProtocol | PlayProtocol;
  direction: 'in' | 'out';
  bytes: number;
}

/** Usage reports already counted, so that a repeated one is not counted twice. */
export interface UsageReportRow {
  incarnation: string;
  seq: number;
  countedAt: number;
}

/** A session whose members see and hear each other. */
export interface ConferenceRow {
  id: string;
  appId: string;
  accountId: string;
  title: string;
  /** Members that may be on air. */
  capacity: number;
  /** Anybody may join, without a key. */
  open: Flag;
  /** Signs its members' tokens. */
  key: string;
  state: 'open' | 'ended';
  /** Who mutes and kicks; may not have come yet. null: the next member to come will be. */
  ownerId: string | null;
  /** Counts up with each change that members see. */
  version: number;
  /** The newest member's number; none is given twice. */
  lastNo: number;
  createdAt: number;
  endedAt: number | null;
  /** When time alone changes something next. */
  dueAt: number | null;
}

/** Somebody in a conference, or kept out of it. Who left has no row. */
export interface ConferenceMemberRow {
  conferenceId: string;
  no: number;
  userId: string;
  nickname: string;
  /** null: only watches. */
  stream: string | null;
  state: 'joining' | 'on-air' | 'video-gone' | 'kicked';
  joinedAt: number;
  /** When it last gave a sign of itself other than by its stream. */
  seenAt: number;
  /** When it last asked for news; null: never. */
  polledAt: number | null;
  /** On air or gone: since when no packets come. */
  lostAt: number | null;
  audioMutedBy: MutedBy;
  videoMutedBy: MutedBy;
}

export type MutedBy = 'self' | 'owner' | null;

/** An uploaded picture, once for each app that has it; the bytes are in the storage, once. */
export interface PictureRow {
  /** By the content. */
  id: string;
  appId: string;
  accountId: string;
  type: 'image/png' | 'image/jpeg' | 'image/webp';
  width: number;
  height: number;
  bytes: number;
  createdAt: number;
}

export interface MixRow {
  id: string;
  /**
   * `mix`: ordered by an account, and counted; `show`: made for a room or a conference by the server, which has limits of its
   * own; `picture`: made for a channel by the server, and not shown among the mixes.
   */
  kind: 'mix' | 'show' | 'picture';
  appId: string;
  accountId: string;
  stream: string;
  /** null: as its channels are. */
  playAuth: PlayAuth | null;
  /** Made by the operator: inputs may be anybody's streams. Otherwise only its own account's. */
  anyInput: Flag;
  /** JSON: inputs, layout, canvas, output, as in a `MixJob`. */
  spec: string;
  version: number;
  /** Of all that the mixer is told but the version: when it differs, the version goes up. */
  digest: string;
  /** Which mixer makes it; null: none has been found. */
  mixer: string | null;
  createdAt: number;
}

/** What viewers of a channel are to get; a channel without a row: its own stream. */
export interface ChannelProgramRow {
  channelId: string;
  source: 'direct' | 'mix' | 'picture';
  /** The mix that is shown: of `mix`; of `picture` and of a fallback the one made for it. */
  mixId: string | null;
  /** Of `picture`. */
  picture: string | null;
  fallbackPicture: string | null;
  /** Since when the publisher is gone without a goodbye; null: it is there, or is not coming back. */
  awaySince: number | null;
}

export interface AppUserRow {
  appId: string;
  userId: string;
  nickname: string;
  /** A picture's id here, or an http(s) address. */
  avatar: string | null;
  /** The nickname as it is compared; null: does not log in with a password. */
  loginName: string | null;
  /** As `control/user/password.ts` writes it. */
  password: string | null;
  /** Tokens of a lower one have ended. */
  generation: number;
  /** UserSigs made before have ended; 0: none. */
  signedOutAt: number;
  createdAt: number;
}

/** A token that ended before its time, alone. Kept until it would have. */
export interface LoggedOutTokenRow {
  appId: string;
  userId: string;
  tokenId: string;
  expiresAt: number;
}

/** Keys that the server made for itself, by name. */
export interface ServerSecretRow {
  name: string;
  value: string;
  createdAt: number;
}

export interface RoomRow {
  id: string;
  appId: string;
  accountId: string;
  anchorId: string;
  /** May be gone when the room is closed. */
  channelId: string;
  stream: string;
  title: string;
  /** A picture's id here, or an http(s) address. */
  cover: string | null;
  location: string | null;
  /** JSON */
  tags: string;
  mode: 'server-mix' | 'client-mix';
  /** JSON: `RoomSettings`. */
  settings: string;
  /** JSON: `RoomCustom`. */
  custom: string;
  /** Title and nickname as they are searched. */
  search: string;
  state: RoomState;
  createdAt: number;
  /** The anchor's last heartbeat, as far as written. */
  beatAt: number;
  /** First on air. */
  liveSince: number | null;
  /** While live: since when. */
  onAirSince: number | null;
  /** On air before that. */
  onAirMs: number;
  /** While interrupted: since when. */
  offAirAt: number | null;
  /** When time alone may change something next. */
  dueAt: number | null;
  closedAt: number | null;
  closeReason: RoomCloseReason | null;
  viewers: number;
  peakViewers: number;
  totalViewers: number;
  likes: number;
}

/** A channel that was made for an anchor's rooms. */
export interface RoomChannelRow {
  channelId: string;
  appId: string;
  anchorId: string;
  /** When it is deleted; null: a room is open on it. */
  expiresAt: number | null;
}

/** One of the last messages of a room's chat. */
export interface ChatMessageRow {
  roomId: string;
  seq: number;
  /** JSON: `RoomMessage`. */
  message: string;
}

/** A user that was in a room, or leads its chat. */
export interface ChatUserRow {
  roomId: string;
  userId: string;
}

/** A user that is silenced in a room, or kept out of it. */
export interface ChatSanctionRow {
  roomId: string;
  userId: string;
  kind: 'mute' | 'ban';
  untilAt: number;
}

/** Gifts given in a room. */
export interface ChatGiftRow {
  roomId: string;
  giftId: string;
  count: number;
}

/** What is set for an app's chat. */
export interface ChatRulesRow {
  appId: string;
  /** JSON: words that become stars. */
  words: string;
  /** JSON: `Gift[]`. */
  gifts: string;
}

/** Somebody who asks, or was asked, to come on air beside an anchor. Kept a while after its end. */
export interface CohostSessionRow {
  id: string;
  roomId: string;
  appId: string;
  userId: string;
  askedBy: 'user' | 'anchor';
  reason: string | null;
  state: CohostState;
  createdAt: number;
  /** When asking or joining ends by itself. */
  dueAt: number | null;
  onAirAt: number | null;
  endedAt: number | null;
  endReason: CohostEndReason | null;
}

/** What a room has for its co-anchors. */
export interface CohostRoomRow {
  roomId: string;
  /** null: nobody was let in since the last one ended. */
  conferenceId: string | null;
  mixId: string | null;
  layout: MixTemplate;
}

/** The channel by which a conference can be watched. */
export interface ConferenceRelayRow {
  conferenceId: string;
  channelId: string;
  /** null: nobody is on air. */
  mixId: string | null;
}

/** A battle of two anchors, from the invitation on. */
export interface PkSessionRow {
  id: string;
  appId: string;
  roomId: string;
  targetRoomId: string;
  reason: string | null;
  state: PkState;
  createdAt: number;
  /** When this state ends by itself. */
  dueAt: number | null;
  score: number;
  targetScore: number;
  winnerRoomId: string | null;
  conferenceId: string | null;
  mixId: string | null;
  endedAt: number | null;
  endReason: PkEndReason | null;
}

export interface Schema {
  account: AccountRow;
  app: AppRow;
  apiKey: ApiKeyRow;
  channel: ChannelRow;
  publishSession: SessionRow;
  figureSample: FigureSampleRow;
  trafficDay: TrafficDayRow;
  usageReport: UsageReportRow;
  conference: ConferenceRow;
  conferenceMember: ConferenceMemberRow;
  picture: PictureRow;
  mix: MixRow;
  channelProgram: ChannelProgramRow;
  appUser: AppUserRow;
  loggedOutToken: LoggedOutTokenRow;
  serverSecret: ServerSecretRow;
  room: RoomRow;
  roomChannel: RoomChannelRow;
  chatMessage: ChatMessageRow;
  chatVisitor: ChatUserRow;
  chatModerator: ChatUserRow;
  chatSanction: ChatSanctionRow;
  chatGift: ChatGiftRow;
  chatRules: ChatRulesRow;
  cohostSession: CohostSessionRow;
  cohostRoom: CohostRoomRow;
  conferenceRelay: ConferenceRelayRow;
  pkSession: PkSessionRow;
}
