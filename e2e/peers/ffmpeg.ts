import { Program, runProgram } from './program.ts';

export interface FfmpegPush {
  video?: 'h264' | 'h264-b-frames' | null;
  audio?: 'aac' | 'mp3' | null;
  size?: string;
  fps?: number;
  /** Frames from key frame to key frame. */
  gop?: number;
  bitrateKbps?: number;
  /** The first timestamp. */
  fromS?: number;
}

const H264 = {
  h264: ['-preset', 'ultrafast', '-tune', 'zerolatency'],
  'h264-b-frames': ['-preset', 'veryfast', '-bf', '2', '-b_strategy', '0'],
} as const;

/** Pushes a test picture and tone in real time until killed. SIGTERM says goodbye, SIGKILL does not. */
export function push(url: string, options: FfmpegPush = {}): Program {
  const { video = 'h264', audio = 'aac', size = '640x360', fps = 25, gop = 25, bitrateKbps = 500, fromS = 0 } = options;
  const args = ['-v', 'error', '-nostdin'];
  if (video) args.push('-re', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${fps}`);
  if (audio) args.push('-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100');
  if (video) {
    args.push('-c:v', 'libx264', ...H264[video], '-pix_fmt', 'yuv420p', '-threads', '1', '-b:v', `${bitrateKbps}k`);
    args.push('-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0');
  }
  if (audio) args.push('-c:a', audio === 'aac' ? 'aac' : 'libmp3lame', '-b:a', '64k');
  if (fromS > 0) args.push('-output_ts_offset', String(fromS));
  return new Program('ffmpeg', [...args, '-flvflags', 'no_duration_filesize', '-f', 'flv', url]);
}

export interface Decoded {
  videoFrames: number;
  audioFrames: number;
}

/**
 * Plays and decodes for so many seconds of media.
 * @throws Error when FFmpeg had anything to complain of.
 */
export async function decode(url: string, seconds: number, ...inputOptions: string[]): Promise<Decoded> {
  const { stdout, stderr } = await runProgram(
    'ffmpeg',
    ['-v', 'warning', '-nostdin', '-threads', '1', ...inputOptions, '-i', url]
      .concat(['-t', String(seconds), '-map', '0:v?', '-map', '0:a?', '-f', 'framecrc', '-'])
      .filter((arg) => arg !== ''),
    seconds * 1000 + 30_000,
  );
  const complaints = stderr.split('\n').filter((line) => line !== '' && !HARMLESS.some((known) => known.test(line)));
  if (complaints.length > 0) throw new Error(`ffmpeg complained of ${url}:\n${complaints.join('\n')}`);
  return countFrames(stdout);
}

/** What FFmpeg 5.1 says of any live stream; the MOOV is the initialisation section, which it feeds again after each reload. */
const HARMLESS = [
  /Found duplicated MOOV Atom/,
  /Last message repeated/,
  /skip \('#EXT-X-/,
  /Stream #\d.*not enough frames to estimate rate/,
  /Could not find codec parameters/,
  /Consider increasing the value for the 'analyzeduration'/,
];

/** Frames by kind in the output of the framecrc muxer. */
function countFrames(framecrc: string): Decoded {
  const kinds = new Map<string, string>();
  const counts = { videoFrames: 0, audioFrames: 0 };
  for (const line of framecrc.split('\n')) {
    const [, index, kind] = /^#media_type (\d+): (\w+)/.exec(line) ?? [];
    if (index && kind) kinds.set(index, kind);
    const frame = /^(\d+),/.exec(line)?.[1];
    if (frame === undefined) continue;
    if (kinds.get(frame) === 'video') counts.videoFrames++;
    else counts.audioFrames++;
  }
  return counts;
}

export interface ProbedTrack {
  codec_type: 'video' | 'audio';
  codec_name: string;
  width?: number;
  height?: number;
  sample_rate?: string;
}

/** The tracks ffprobe finds. */
export async function probe(url: string): Promise<ProbedTrack[]> {
  const { stdout } = await runProgram('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', url]);
  return (JSON.parse(stdout) as { streams: ProbedTrack[] }).streams;
}
