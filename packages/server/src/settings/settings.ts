/** All settings, typed and with units; read once at the start by {@link ./parse.ts}. */
export interface Settings {
  httpPort: number;
  httpsPort: number;
  rtmpPort: number;
  rtmpsPort: number;
  rtcPort: number;
  host: string;
  publicHost: string;
  dataDir: string;
  /** null: generated, kept in dataDir. */
  apiKey: string | null;
  databaseUrl: string | null;
  workers: number;
  /** Mixer processes. */
  mixers: number;
  /** Share of the machine's cores that mixes may take together. */
  mixerCores: number;
  iceServers: readonly unknown[];
  /** Shared with the TURN servers among them. */
  turnSecret: string | null;
  /** `self-signed`: the supervisor makes the two files below. */
  tls: 'off' | 'self-signed';
  tlsCert: string | null;
  tlsKey: string | null;
  demo: boolean;
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  logFormat: 'auto' | 'json' | 'pretty';
  /** Merged-write tick of FLV and RTMP viewers; null: adapts between 10 and 350 ms. */
  flushMs: number | null;
  /** How long viewers wait for a publisher that vanished. */
  publishGraceMs: number;
  /** Members on air in a conference that says nothing else. */
  conferenceCapacity: number;
  /** Co-anchors on air beside an anchor. */
  cohostMax: number;
  /** How long an answer to a request, an invitation or a challenge is waited for. */
  cohostAnswerMs: number;
  /** How long a battle of two anchors is fought, and what comes after it. */
  pkBattleMs: number;
  pkPunishmentMs: number;
  /** Anybody may make and join a call at `/call/{conference}`, without a key. */
  openCalls: boolean;
  /** Anybody may register as a user. */
  registration: boolean;
  /** Who is not logged in hears rooms' chat and is counted as a viewer; so many of one address are counted. */
  visitors: boolean;
  visitorsPerAddress: number;
  /** Where pages may show pictures from besides this server; sources of a Content-Security-Policy. */
  pictureSources: readonly string[];
  hlsSegmentMs: number;
  hlsPartMs: number;
  /** Complete segments kept in an HLS playlist. */
  hlsWindow: number;
  /** Frames kept for joiners are dropped past this. */
  gopCacheBytes: number;
  /** A viewer with more unsent bytes skips to the next key frame. */
  viewerQueueBytes: number;
  /** A viewer that took nothing for so long is closed. */
  viewerStallMs: number;
  /** RTMP handshake, and the first command after it; HTTP head. */
  handshakeTimeoutMs: number;
  /** Longest RTMP message accepted. */
  maxMessageBytes: number;
  /** Per media worker, all protocols. */
  maxConnections: number;
  maxConnectionsPerIp: number;
  /** WebRTC offers a second from one address, per media worker. */
  maxOffersPerIp: number;
  /** Publishers per media worker. */
  maxPublishers: number;
}
