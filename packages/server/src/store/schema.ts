import type { AudioCodec, EndReason, IngestProtocol, PlayProtocol, VideoCodec } from '@lianmai/contract';

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
}
