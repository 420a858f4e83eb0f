import type { GivenIceServer } from '../../auth/turn-credentials.ts';

/** STUN and TURN servers for clients, as WHIP and WHEP tell them (RFC 9725 4.6). */

/** Header values with what would end them left out. */
const quoted = (text: string) => `"${text.replace(/[^\x20-\x7e]|["\\]/g, '')}"`;

/** `Link` header values of STUN and TURN servers; whatever is no address of one is left out. */
export function iceServerLinks(servers: readonly GivenIceServer[]): string[] {
  return servers.flatMap(({ urls, username, credential }) => {
    const credentials =
      username === undefined || credential === undefined
        ? ''
        : `; username=${quoted(username)}; credential=${quoted(credential)}; credential-type="password"`;
    return urls
      .filter((url) => /^(stuns?|turns?):[\x21-\x3b\x3d\x3f-\x7e]+$/.test(url))
      .map((url) => `<${url}>; rel="ice-server"${credentials}`);
  });
}
