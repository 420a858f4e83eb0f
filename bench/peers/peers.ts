import { lianmai } from './lianmai.ts';
import { nginxRtmp } from './nginx-rtmp.ts';
import type { Peer } from './server.ts';

const PEERS: readonly Peer[] = [lianmai, nginxRtmp];

/**
 * The servers that take part: those asked for (all without a wish) and installed; says which are left out.
 * @throws Error when one asked for does not exist.
 */
export function choosePeers(names: readonly string[] | null): Peer[] {
  const unknown = names?.find((name) => !PEERS.some((peer) => peer.name === name));
  if (unknown !== undefined) throw new Error(`There is no server "${unknown}"`);
  return PEERS.filter((peer) => names === null || names.includes(peer.name)).filter((peer) => {
    const missing = peer.missing();
    if (missing !== null) console.log(missing);
    return missing === null;
  });
}
