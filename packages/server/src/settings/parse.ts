import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { DEFINITIONS, type Definition } from './definitions.ts';
import type { Settings } from './settings.ts';

/** A setting that cannot be used; `message` is the one line the person at the terminal sees. */
export class SettingsError extends Error {}

const kebab = (key: string) => key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
const variable = (key: string) => `LIANMAI_${kebab(key).replaceAll('-', '_').toUpperCase()}`;

/**
 * Settings from flags (`--name value`, `--name=value`), then environment variables, then defaults.
 * @throws SettingsError naming the flag or variable, what was given and what is allowed.
 */
export function parseSettings(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Settings {
  const flags = readFlags(args);
  const settings: Record<string, unknown> = {};
  for (const definition of DEFINITIONS) {
    const fromFlag = flags.get(definition.key);
    const fromEnv = env[variable(definition.key)];
    const given = fromFlag ?? (fromEnv === undefined || fromEnv === '' ? undefined : fromEnv);
    if (given === undefined) {
      settings[definition.key] = definition.default();
      continue;
    }
    const source = fromFlag === undefined ? variable(definition.key) : `--${kebab(definition.key)}`;
    const parsed = definition.parse(given);
    if ('problem' in parsed)
      throw new SettingsError(`${source} ${parsed.problem}, not "${shorten(given, definition)}"`);
    settings[definition.key] = parsed.value;
  }
  const complete = settings as unknown as Settings;
  checkTogether(complete);
  return {
    ...complete,
    dataDir: resolve(complete.dataDir),
    publicHost: complete.publicHost === '' ? findPublicHost(complete.host) : complete.publicHost,
  };
}

function readFlags(args: readonly string[]): Map<string, string> {
  const byFlag = new Map(DEFINITIONS.map((d) => [`--${kebab(d.key)}`, d]));
  const flags = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const [name = '', inline] = arg.split(/=(.*)/s, 2);
    const definition = byFlag.get(name);
    if (!definition)
      throw new SettingsError(`${name} is not a setting${suggest(name, [...byFlag.keys()])}; --help lists them all`);
    if (flags.has(definition.key)) throw new SettingsError(`${name} is given twice`);
    if (inline !== undefined) flags.set(definition.key, inline);
    else if (definition.shape === '') flags.set(definition.key, 'true');
    else {
      const value = args[++i];
      if (value === undefined || value.startsWith('--'))
        throw new SettingsError(`${name} needs a value (${definition.shape})`);
      flags.set(definition.key, value);
    }
  }
  return flags;
}

function suggest(name: string, known: readonly string[]): string {
  const close = known.find(
    (k) =>
      k.startsWith(name) ||
      (name.length > 4 && name.startsWith(k)) ||
      k.replaceAll('-', '') === name.replaceAll('-', ''),
  );
  return close ? ` (did you mean ${close}?)` : '';
}

const shorten = (given: string, definition: Definition) =>
  definition.key === 'apiKey' || definition.key === 'databaseUrl'
    ? '…'
    : given.length > 60
      ? `${given.slice(0, 60)}…`
      : given;

function checkTogether(s: Settings): void {
  if ((s.tlsCert === null) !== (s.tlsKey === null))
    throw new SettingsError('--tls-cert and --tls-key go together: give both or none');
  if (s.tls === 'self-signed' && s.tlsCert !== null)
    throw new SettingsError('--tls self-signed makes its own certificate: leave it out, or --tls-cert and --tls-key');
  for (const [flag, file] of [
    ['--tls-cert', s.tlsCert],
    ['--tls-key', s.tlsKey],
  ] as const) {
    if (file !== null && !existsSync(file)) throw new SettingsError(`${flag} names "${file}", which does not exist`);
  }
  if (s.hlsPartMs * 2 > s.hlsSegmentMs)
    throw new SettingsError('--hls-part-ms must be at most half of --hls-segment-ms');
  const ports: [string, number][] = [
    ['--http-port', s.httpPort],
    ['--rtmp-port', s.rtmpPort],
  ];
  if (s.tls === 'self-signed' || s.tlsCert !== null)
    ports.push(['--https-port', s.httpsPort], ['--rtmps-port', s.rtmpsPort]);
  for (const [i, [flag, port]] of ports.entries()) {
    const twin = ports.slice(i + 1).find(([, other]) => other === port);
    if (twin) throw new SettingsError(`${flag} and ${twin[0]} are both ${port}: choose two ports`);
  }
  if (s.workers > 1 && process.platform !== 'linux')
    throw new SettingsError('--workers above 1 needs Linux, where several processes can share a port');
}

/** The first address other machines could use; this machine's own when there is none. */
function findPublicHost(host: string): string {
  if (!['0.0.0.0', '::'].includes(host)) return host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((a) => a.family === 'IPv4' && !a.internal)?.address ?? '127.0.0.1';
}

/** The text of `--help`. */
export function helpText(): string {
  const rows = DEFINITIONS.map((d) => {
    const value = d.default();
    const byDefault = d.defaultText ?? String(value);
    return [`--${kebab(d.key)}${d.shape ? ` <${d.shape}>` : ''}`, `${d.help} [${byDefault}]`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    'Lianmai: interactive live streaming on your own machine.',
    '',
    'npm start -- [settings]',
    '',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
    'Each is also an environment variable: --http-port is LIANMAI_HTTP_PORT. A flag wins over a variable.',
  ].join('\n');
}
