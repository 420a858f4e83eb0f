import { bareTransport } from './bare-transport.ts';
import { ffmpegMix } from './ffmpeg-mix.ts';
import { gstreamerMix } from './gstreamer-mix.ts';
import { janus } from './janus.ts';
import { lianmai } from './lianmai.ts';
import { lianmaiMix } from './lianmai-mix.ts';
import { lianmaiRtc } from './lianmai-rtc.ts';
import type { MixPeer } from './mix-peer.ts';
import { nginxRtmp } from './nginx-rtmp.ts';
import type { RtcPeer } from './rtc-server.ts';
import type { Peer } from './server.ts';

const PEERS: readonly Peer[] = [lianmai, nginxRtmp];
const RTC_PEERS: readonly RtcPeer[] = [lianmaiRtc, bareTransport, janus];
const MIX_PEERS: readonly MixPeer[] = [lianmaiMix('quality'), lianmaiMix('economy'), ffmpegMix, gstreamerMix];

/**
 * The servers that take part: those asked for (all without a wish) and installed; says which are left out.
 * @throws Error when one asked for does not exist.
 */
export function choosePeers(names: readonly string[] | null): Peer[] {
  return choose(PEERS, names);
}

/** The same of those that play by WebRTC. @throws Error when one asked for does not exist. */
export function chooseRtcPeers(names: readonly string[] | null): RtcPeer[] {
  return choose(RTC_PEERS, names);
}

/** The same of those that mix. @throws Error when one asked for does not exist. */
export function chooseMixPeers(names: readonly string[] | null): MixPeer[] {
  return choose(MIX_PEERS, names);
}

function choose<P extends { name: string; missing(): string | null }>(
  peers: readonly P[],
  names: readonly string[] | null,
): P[] {
  const unknown = names?.find((name) => ![...PEERS, ...RTC_PEERS, ...MIX_PEERS].some((peer) => peer.name === name));
  if (unknown !== undefined) throw new Error(`There is no server "${unknown}"`);
  return peers
    .filter((peer) => names === null || names.includes(peer.name))
    .filter((peer) => {
      const missing = peer.missing();
      if (missing !== null) console.log(missing);
      return missing === null;
    });
}
