import { createHmac } from 'node:crypto';

/** Half days of the clock: credentials last for one to two of them and stay the same until the next begins. */
const HALF_DAY_S = 43_200;

/**
 * Username and password that a TURN server with the same shared secret takes until they expire, in 12 to 24 hours (coturn's
 * `use-auth-secret`; draft-uberti-behave-turn-rest-00 2.2).
 * @param user for the TURN server's log.
 */
export function turnCredentials(secret: string, user: string, nowMs: number): { username: string; credential: string } {
  const expires = (Math.floor(nowMs / 1000 / HALF_DAY_S) + 2) * HALF_DAY_S;
  const username = `${expires}:${user}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}

/** A STUN or TURN server as RTCPeerConnection takes it. */
export interface GivenIceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

/**
 * What of the setting `ice-servers` is usable, in one shape; TURN servers without credentials of their own get timed ones.
 * @param secret shared with them; null: there is none.
 */
export function iceServersFor(
  servers: readonly unknown[],
  secret: string | null,
  user: string,
  nowMs: number,
): GivenIceServer[] {
  return servers.flatMap((server) => {
    if (typeof server !== 'object' || server === null || !('urls' in server)) return [];
    const urls = [server.urls].flat().filter((url): url is string => typeof url === 'string');
    if (urls.length === 0) return [];
    const { username, credential } = server as { username?: unknown; credential?: unknown };
    const given = {
      ...(typeof username === 'string' ? { username } : {}),
      ...(typeof credential === 'string' ? { credential } : {}),
    };
    const isTimed = secret !== null && credential === undefined && urls.some((url) => /^turns?:/i.test(url));
    return [{ urls, ...(isTimed ? turnCredentials(secret, user, nowMs) : given) }];
  });
}
