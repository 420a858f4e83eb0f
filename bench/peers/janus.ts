import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { RTC_PACKET_BYTES, rtcSourceFiles } from '../load/rtc-source.ts';
import { freePorts, freeUdpPorts, processTree, spawnWithFiles, stop, until } from '../processes.ts';
import type { RtcPeer, RunningRtcServer } from './rtc-server.ts';

const PROGRAM = '/usr/bin/janus';
const MOUNTPOINT = 1;
const VIDEO_TYPE = 96;
const AUDIO_TYPE = 97;
/** All it needs: no other plugin costs memory or time. */
const PARTS = {
  plugins: 'libjanus_streaming.so',
  transports: 'libjanus_http.so',
  events: null,
  loggers: null,
} as const;

interface Ports {
  http: number;
  video: number;
  audio: number;
}

/** Two event loops serve all viewers; without them every viewer has a thread of its own, which costs more. */
const configuration = (folder: string, address: string) => `
general: {
  ${Object.keys(PARTS)
    .map((kind) => `${kind}_folder = "${folder}/${kind}"`)
    .join('\n  ')}
  debug_level = 1
  event_loops = 2
  session_timeout = 0
}
nat: { ice_enforce_list = "${address}" }
`;

const httpConfiguration = ({ http }: Ports) => `
general: { json = "compact", base_path = "/janus", http = true, port = ${http}, ip = "127.0.0.1", https = false }
admin: { admin_http = false }
`;

const streamingConfiguration = ({ video, audio }: Ports) => `
bench: {
  type = "rtp"
  id = ${MOUNTPOINT}
  media = (
    { type = "video", mid = "v", port = ${video}, iface = "127.0.0.1", pt = ${VIDEO_TYPE}, codec = "h264",
      fmtp = "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1" },
    { type = "audio", mid = "a", port = ${audio}, iface = "127.0.0.1", pt = ${AUDIO_TYPE}, codec = "opus" }
  )
}
`;

/** Debian's Janus with its streaming plugin: RTP in, many WebRTC viewers out; the server people compare with. */
export const janus: RtcPeer = {
  name: 'janus',
  missing() {
    if (!existsSync(PROGRAM))
      return 'janus is not installed and left out: apt-get install --no-install-recommends janus';
    return ownAddress() === null ? 'janus is left out: it never offers 127.0.0.1, and this machine has no other' : null;
  },
  start,
};

/** An IPv4 address of this machine that is not of the loopback. */
function ownAddress(): string | null {
  const addresses = Object.values(networkInterfaces()).flatMap((of) => of ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? null;
}

async function start(): Promise<RunningRtcServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-janus-'));
  const [http] = (await freePorts(1)) as [number];
  const [video, audio] = (await freeUdpPorts(2)) as [number, number];
  const ports = { http, video, audio };
  const address = ownAddress()!;
  await configure(folder, ports, address);
  const server = spawnWithFiles(PROGRAM, ['--configs-folder', folder], {
    stdio: 'ignore',
  });
  const end = async () => {
    await stop(server);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${http}/janus`;
  try {
    await until('the start of janus', 10_000, () => answers(`${url}/info`));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    pids: processTree(server.pid!),
    target: { kind: 'janus', url, mountpoint: MOUNTPOINT, receiverAddress: address },
    publish: () => feed(ports),
    [Symbol.asyncDispose]: end,
  };
}

async function configure(folder: string, ports: Ports, address: string): Promise<void> {
  for (const [kind, part] of Object.entries(PARTS)) {
    await mkdir(join(folder, kind));
    if (part === null) continue;
    const [file] = globSync(`/usr/lib/*/janus/${kind}/${part}`);
    if (file === undefined) throw new Error(`The installed janus lacks ${part}`);
    await symlink(file, join(folder, kind, part));
  }
  await writeFile(join(folder, 'janus.jcfg'), configuration(folder, address));
  await writeFile(join(folder, 'janus.transport.http.jcfg'), httpConfiguration(ports));
  await writeFile(join(folder, 'janus.plugin.streaming.jcfg'), streamingConfiguration(ports));
}

/** The same pictures and sounds as RTP, in packets as large as ours. */
async function feed({ video, audio }: Ports): Promise<AsyncDisposable> {
  const { transport } = await rtcSourceFiles();
  const output = (port: number, type: number) =>
    `-payload_type ${type} -f rtp rtp://127.0.0.1:${port}?pkt_size=${RTC_PACKET_BYTES}`;
  const args = `-v error -re -stream_loop -1 -i ${transport}
    -map 0:v -c copy ${output(video, VIDEO_TYPE)} -map 0:a -c copy ${output(audio, AUDIO_TYPE)}`;
  // It prints the session's description, which the mountpoint has already.
  const ffmpeg = spawnWithFiles('ffmpeg', args.split(/\s+/), { stdio: ['ignore', 'ignore', 'inherit'] });
  return { [Symbol.asyncDispose]: () => stop(ffmpeg) };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
