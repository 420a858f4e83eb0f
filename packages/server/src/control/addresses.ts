import type { Settings } from '../settings/settings.ts';

/** Where the world reaches this server; no slash at the end. */
export interface Addresses {
  /** Pages, API and HTTP play addresses: https when there is a certificate. */
  http: string;
  /** The same over WebSocket. */
  ws: string;
  rtmp: string;
  /** null without a certificate. */
  rtmps: string | null;
}

/** Default ports are left out of addresses. RTMPS has no registered port but 443 is what clients assume. */
const DEFAULT_PORTS = { http: 80, https: 443, ws: 80, wss: 443, rtmp: 1935, rtmps: 443 } as const;

export function addressesOf(
  settings: Pick<Settings, 'publicHost' | 'httpPort' | 'httpsPort' | 'rtmpPort' | 'rtmpsPort' | 'tlsCert'>,
): Addresses {
  const host = settings.publicHost.includes(':') ? `[${settings.publicHost}]` : settings.publicHost;
  const at = (scheme: keyof typeof DEFAULT_PORTS, port: number) =>
    `${scheme}://${host}${port === DEFAULT_PORTS[scheme] ? '' : `:${port}`}`;
  const rtmp = at('rtmp', settings.rtmpPort);
  return settings.tlsCert === null
    ? { http: at('http', settings.httpPort), ws: at('ws', settings.httpPort), rtmp, rtmps: null }
    : {
        http: at('https', settings.httpsPort),
        ws: at('wss', settings.httpsPort),
        rtmp,
        rtmps: at('rtmps', settings.rtmpsPort),
      };
}
