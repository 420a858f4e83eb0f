/** STUN and TURN servers for clients, as WHIP and WHEP tell them (RFC 9725 4.6). */

/** Header values with what would end them left out. */
const quoted = (text: unknown) => `"${String(text).replace(/[^\x20-\x7e]|["\\]/g, '')}"`;

/** `Link` header values of RTCIceServer objects; entries without URLs are left out. */
export function iceServerLinks(servers: readonly unknown[]): string[] {
  return servers.flatMap((server) => {
    if (typeof server !== 'object' || server === null || !('urls' in server)) return [];
    const given = 'username' in server && 'credential' in server ? server : null;
    const credentials = given
      ? `; username=${quoted(given.username)}; credential=${quoted(given.credential)}; credential-type="password"`
      : '';
    return [server.urls]
      .flat()
      .filter(
        (url): url is string => typeof url === 'string' && /^(stuns?|turns?):[\x21-\x3b\x3d\x3f-\x7e]+$/.test(url),
      )
      .map((url) => `<${url}>; rel="ice-server"${credentials}`);
  });
}
