/** What one connection has done so far; all but the last three only grow. */
export interface RtcCounters {
  atMs: number;
  /** Media that came or went, bytes. */
  bytes: number;
  /** RTP packets that came (or, publishing, went). */
  packets: number;
  /** RTP packets that were lost for good, at whichever end counts them. */
  lost: number;
  framesDecoded: number;
  droppedFrames: number;
  /** Time the picture stood still, ms. */
  frozenMs: number;
  /** Jitter buffer: the sum over all frames shown of how long they waited, ms, and how many they were. */
  waitedMs: number;
  waited: number;
  /** To the server and back, ms; null before it was measured. */
  roundTripMs: number | null;
  /** Of the sound, 0 to 1. */
  audioLevel: number;
}

/** Entries of an RTCStatsReport, with the fields of several kinds (W3C webrtc-stats). */
export interface StatsEntry {
  type: string;
  kind?: string;
  [field: string]: unknown;
}

/** Sums up a report: of a player its inbound streams, of a publisher its outbound ones. */
export function countersOf(entries: Iterable<StatsEntry>, atMs: number): RtcCounters {
  const counters: RtcCounters = {
    atMs,
    bytes: 0,
    packets: 0,
    lost: 0,
    framesDecoded: 0,
    droppedFrames: 0,
    frozenMs: 0,
    waitedMs: 0,
    waited: 0,
    roundTripMs: null,
    audioLevel: 0,
  };
  for (const entry of entries) add(counters, entry);
  return counters;
}

function add(counters: RtcCounters, entry: StatsEntry): void {
  const at = (field: string) => {
    const value = entry[field];
    return typeof value === 'number' ? value : 0;
  };
  switch (entry.type) {
    case 'inbound-rtp':
      counters.bytes += at('bytesReceived');
      counters.packets += at('packetsReceived');
      // Duplicates make it negative.
      counters.lost += Math.max(0, at('packetsLost'));
      if (entry.kind === 'audio') counters.audioLevel = at('audioLevel');
      if (entry.kind !== 'video') return;
      counters.framesDecoded = at('framesDecoded');
      counters.droppedFrames = at('framesDropped');
      counters.frozenMs = at('totalFreezesDuration') * 1000;
      counters.waitedMs = at('jitterBufferDelay') * 1000;
      counters.waited = at('jitterBufferEmittedCount');
      return;
    case 'outbound-rtp':
      counters.bytes += at('bytesSent');
      counters.packets += at('packetsSent');
      return;
    case 'remote-inbound-rtp':
      counters.lost += Math.max(0, at('packetsLost'));
      return;
    case 'media-source':
      if (entry.kind === 'audio') counters.audioLevel = at('audioLevel');
      return;
    case 'candidate-pair':
      if (entry['nominated'] === true && entry['state'] === 'succeeded')
        counters.roundTripMs = at('currentRoundTripTime') * 1000;
  }
}

/** Reads a peer's counters now. */
export async function readCounters(peer: RTCPeerConnection): Promise<RtcCounters> {
  const report = await peer.getStats();
  return countersOf(report.values() as Iterable<StatsEntry>, performance.now());
}
