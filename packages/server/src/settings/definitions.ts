import { availableParallelism } from 'node:os';
import type { Settings } from './settings.ts';

/** How one setting is given, checked and explained. The flag is the key in kebab case, the variable `LIANMAI_` + the same in capitals. */
export interface Definition<K extends keyof Settings = keyof Settings> {
  key: K;
  /** What `--help` shows as the value's shape; empty for a switch. */
  shape: string;
  help: string;
  /** Default as `--help` words it, when the value itself does not say it. */
  defaultText?: string;
  default: () => Settings[K];
  /** The value, or a sentence that says what is wrong. */
  parse: (text: string) => { value: Settings[K] } | { problem: string };
}

type Parsed<T> = { value: T } | { problem: string };

const integer =
  (min: number, max: number) =>
  (text: string): Parsed<number> => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= min && value <= max
      ? { value }
      : { problem: `must be a whole number from ${min} to ${max}` };
  };
const share = (text: string): Parsed<number> => {
  const value = Number(text);
  return /^\d*\.?\d+$/.test(text) && value > 0 && value <= 1
    ? { value }
    : { problem: 'must be more than 0, at most 1' };
};
const port = integer(1, 65535);
const text = (value: string): Parsed<string> => (value === '' ? { problem: 'must not be empty' } : { value });
const oneOf =
  <T extends string>(...values: readonly T[]) =>
  (given: string): Parsed<T> => {
    const value = values.find((v) => v === given);
    return value === undefined ? { problem: `must be one of ${values.join(', ')}` } : { value };
  };
const url =
  (...schemes: readonly string[]) =>
  (given: string): Parsed<string> =>
    URL.canParse(given) && schemes.includes(new URL(given).protocol)
      ? { value: given }
      : { problem: `must be a URL that begins with ${schemes.map((s) => `${s}//`).join(' or ')}` };
const flag = (given: string): Parsed<boolean> =>
  given === '' || given === 'true' || given === '1'
    ? { value: true }
    : given === 'false' || given === '0'
      ? { value: false }
      : { problem: 'must be true or false' };
const hostName = (given: string): Parsed<string> =>
  /^[A-Za-z0-9.:_-]{1,253}$/.test(given)
    ? { value: given }
    : { problem: 'must be a host name or an address, without scheme or port' };
const apiKey = (given: string): Parsed<string> =>
  /^[\x21-\x7e]{16,256}$/.test(given)
    ? { value: given }
    : { problem: 'must be 16 to 256 visible ASCII characters without spaces' };
const iceServers = (given: string): Parsed<readonly unknown[]> => {
  try {
    const value: unknown = JSON.parse(given);
    if (Array.isArray(value)) return { value };
  } catch {}
  return { problem: 'must be a JSON list, for example [{"urls":"stun:stun.example.org"}]' };
};
/** Scheme sources and host sources of CSP Level 3 (2.3.1); nothing that could begin another directive. */
const PICTURE_SOURCE = /^(https?:|(https?:\/\/)?(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:(\d{1,5}|\*))?)$/;
const pictureSources = (given: string): Parsed<readonly string[]> => {
  const value = given === 'none' ? [] : given.trim().split(/\s+/);
  return value.every((source) => PICTURE_SOURCE.test(source))
    ? { value }
    : {
        problem:
          'must be none, or https:, http: or hosts with blanks between them, for example "https://*.example.org"',
      };
};

const setting = <K extends keyof Settings>(definition: Definition<K>): Definition =>
  definition as unknown as Definition;

export const DEFINITIONS: readonly Definition[] = [
  setting({
    key: 'httpPort',
    shape: 'port',
    help: 'web pages, API, HTTP-FLV, WS-FLV, HLS',
    default: () => 8080,
    parse: port,
  }),
  setting({ key: 'rtmpPort', shape: 'port', help: 'RTMP push and play', default: () => 1935, parse: port }),
  setting({
    key: 'rtcPort',
    shape: 'port',
    help: 'WebRTC over UDP; further media workers use the next ports',
    default: () => 8000,
    parse: port,
  }),
  setting({
    key: 'httpsPort',
    shape: 'port',
    help: 'HTTPS, when a certificate is given',
    default: () => 8443,
    parse: port,
  }),
  setting({
    key: 'rtmpsPort',
    shape: 'port',
    help: 'RTMPS, when a certificate is given',
    default: () => 1936,
    parse: port,
  }),
  setting({ key: 'host', shape: 'address', help: 'address to listen on', default: () => '0.0.0.0', parse: hostName }),
  setting({
    key: 'publicHost',
    shape: 'host',
    help: 'name or address announced in URLs and to WebRTC clients',
    defaultText: 'found from the network',
    default: () => '',
    parse: hostName,
  }),
  setting({
    key: 'dataDir',
    shape: 'folder',
    help: 'database, recordings, generated keys',
    default: () => './data',
    parse: text,
  }),
  setting({
    key: 'apiKey',
    shape: 'key',
    help: "operator's key for the REST API",
    defaultText: 'generated, kept in the data folder',
    default: () => null,
    parse: apiKey,
  }),
  setting({
    key: 'databaseUrl',
    shape: 'url',
    help: 'PostgreSQL in place of the embedded SQLite',
    defaultText: 'embedded',
    default: () => null,
    parse: url('postgres:', 'postgresql:'),
  }),
  setting({
    key: 'workers',
    shape: 'count',
    help: 'media worker processes',
    defaultText: 'one a core',
    default: () => (process.platform === 'linux' ? availableParallelism() : 1),
    parse: integer(1, 256),
  }),
  setting({
    key: 'mixers',
    shape: 'count',
    help: 'mixer processes; 0: this machine mixes nothing',
    defaultText: 'one a core',
    default: () => availableParallelism(),
    parse: integer(0, 256),
  }),
  setting({
    key: 'mixerCores',
    shape: 'share',
    help: "of the machine's cores, that mixes may take together; a mix for which there is no room is refused",
    default: () => 0.8,
    parse: share,
  }),
  setting({
    key: 'iceServers',
    shape: 'json',
    help: 'STUN/TURN servers given to WebRTC clients',
    defaultText: 'none',
    default: () => [],
    parse: iceServers,
  }),
  setting({
    key: 'turnSecret',
    shape: 'secret',
    help: "shared with the TURN servers above (coturn's static-auth-secret): clients get credentials for a day at most",
    defaultText: 'none',
    default: () => null,
    parse: text,
  }),
  setting({
    key: 'tls',
    shape: 'mode',
    help: 'self-signed: HTTPS and RTMPS with a certificate made here, for cameras in browsers of the LAN',
    default: () => 'off',
    parse: oneOf('off', 'self-signed'),
  }),
  setting({
    key: 'tlsCert',
    shape: 'file',
    help: 'PEM certificate chain: opens HTTPS and RTMPS',
    defaultText: 'none',
    default: () => null,
    parse: text,
  }),
  setting({
    key: 'tlsKey',
    shape: 'file',
    help: 'PEM private key of the certificate',
    defaultText: 'none',
    default: () => null,
    parse: text,
  }),
  setting({
    key: 'demo',
    shape: '',
    help: 'publish a moving test picture with sound',
    default: () => false,
    parse: flag,
  }),
  setting({
    key: 'logLevel',
    shape: 'level',
    help: 'trace, debug, info, warn, error or silent',
    default: () => 'info',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
  }),
  setting({
    key: 'logFormat',
    shape: 'format',
    help: 'json, pretty, or auto: pretty on a terminal',
    default: () => 'auto',
    parse: oneOf('auto', 'json', 'pretty'),
  }),
  setting({
    key: 'flushMs',
    shape: 'ms',
    help: 'tick of merged writes to FLV and RTMP viewers',
    defaultText: 'adapts from 10 to 350',
    default: () => null,
    parse: integer(1, 2000),
  }),
  setting({
    key: 'publishGraceMs',
    shape: 'ms',
    help: 'how long viewers wait for a publisher that vanished',
    default: () => 7000,
    parse: integer(0, 600_000),
  }),
  setting({
    key: 'conferenceCapacity',
    shape: 'count',
    help: 'members on air in a conference, unless it says otherwise',
    default: () => 9,
    parse: integer(1, 100),
  }),
  setting({
    key: 'cohostMax',
    shape: 'count',
    help: 'co-anchors on air beside an anchor',
    default: () => 3,
    parse: integer(1, 15),
  }),
  setting({
    key: 'cohostAnswerMs',
    shape: 'ms',
    help: 'how long an answer to a request, an invitation or a challenge is waited for',
    default: () => 10_000,
    parse: integer(1000, 120_000),
  }),
  setting({
    key: 'pkBattleMs',
    shape: 'ms',
    help: 'how long a battle of two anchors is fought',
    default: () => 300_000,
    parse: integer(1000, 3_600_000),
  }),
  setting({
    key: 'pkPunishmentMs',
    shape: 'ms',
    help: 'how long they stay side by side after a battle is decided',
    default: () => 60_000,
    parse: integer(0, 3_600_000),
  }),
  setting({
    key: 'openCalls',
    shape: 'boolean',
    help: 'anybody may make and join calls at /call/{conference}',
    default: () => true,
    parse: flag,
  }),
  setting({
    key: 'registration',
    shape: 'boolean',
    help: 'anybody may register as a user, with a nickname and a password',
    default: () => true,
    parse: flag,
  }),
  setting({
    key: 'visitors',
    shape: 'boolean',
    help: "who is not logged in reads rooms' chat and counts as a viewer",
    default: () => true,
    parse: flag,
  }),
  setting({
    key: 'visitorsPerAddress',
    shape: 'count',
    help: 'visitors without log-in that count as viewers of a room, from one address',
    default: () => 50,
    parse: integer(0, 1_000_000),
  }),
  setting({
    key: 'pictureSources',
    shape: 'sources',
    help: 'where pages show avatars and covers from besides this server: https:, http:, hosts, or none',
    defaultText: 'https:',
    default: () => ['https:'],
    parse: pictureSources,
  }),
  setting({
    key: 'hlsSegmentMs',
    shape: 'ms',
    help: 'shortest HLS segment',
    default: () => 2000,
    parse: integer(1000, 20_000),
  }),
  setting({ key: 'hlsPartMs', shape: 'ms', help: 'LL-HLS part', default: () => 200, parse: integer(100, 2000) }),
  setting({
    key: 'hlsWindow',
    shape: 'count',
    help: 'segments in an HLS playlist',
    default: () => 10,
    parse: integer(3, 100),
  }),
  setting({
    key: 'gopCacheBytes',
    shape: 'bytes',
    help: 'frames kept for joiners, per stream',
    default: () => 16 << 20,
    parse: integer(0, 1 << 30),
  }),
  setting({
    key: 'viewerQueueBytes',
    shape: 'bytes',
    help: 'unsent bytes at which a viewer skips to the next key frame',
    default: () => 4 << 20,
    parse: integer(65_536, 1 << 30),
  }),
  setting({
    key: 'viewerStallMs',
    shape: 'ms',
    help: 'a viewer that reads nothing for so long is closed',
    default: () => 15_000,
    parse: integer(1000, 600_000),
  }),
  setting({
    key: 'handshakeTimeoutMs',
    shape: 'ms',
    help: 'for the RTMP handshake and first command, and for an HTTP head',
    default: () => 10_000,
    parse: integer(500, 120_000),
  }),
  setting({
    key: 'maxMessageBytes',
    shape: 'bytes',
    help: 'longest RTMP message accepted',
    default: () => 8 << 20,
    parse: integer(65_536, 16_777_215),
  }),
  setting({
    key: 'maxConnections',
    shape: 'count',
    help: 'connections per media worker',
    default: () => 20_000,
    parse: integer(1, 1_000_000),
  }),
  setting({
    key: 'maxConnectionsPerIp',
    shape: 'count',
    help: 'of them from one address',
    default: () => 10_000,
    parse: integer(1, 1_000_000),
  }),
  setting({
    key: 'maxOffersPerIp',
    shape: 'count',
    help: 'WebRTC offers a second that a media worker takes from one address; ten times as many at once',
    default: () => 50,
    parse: integer(1, 1_000_000),
  }),
  setting({
    key: 'maxPublishers',
    shape: 'count',
    help: 'publishers per media worker',
    default: () => 1000,
    parse: integer(1, 100_000),
  }),
];
