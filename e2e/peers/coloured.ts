import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, runProgram } from './program.ts';

export const COLOURS = {
  red: [255, 0, 0],
  green: [0, 128, 0],
  blue: [0, 0, 255],
  yellow: [255, 255, 0],
} as const;
export type ColourName = keyof typeof COLOURS;

const TOLERANCE = 40;
const SAMPLE_RATE = 48_000;

/** Pushes one colour and one tone, in real time, until killed. */
export function pushColour(url: string, colour: ColourName, tone: number, size = '640x360'): Program {
  const [r, g, b] = COLOURS[colour];
  const hex = [r, g, b].map((value) => value.toString(16).padStart(2, '0')).join('');
  return new Program('ffmpeg', [
    ...['-v', 'error', '-nostdin'],
    ...['-re', '-f', 'lavfi', '-i', `color=c=0x${hex}:size=${size}:rate=25`],
    ...['-re', '-f', 'lavfi', '-i', `sine=frequency=${tone}:sample_rate=44100`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-threads', '1'],
    ...['-g', '25', '-c:a', 'aac', '-b:a', '64k', '-flvflags', 'no_duration_filesize', '-f', 'flv', url],
  ]);
}

/** What a stream shows and sounds like, decoded by ffmpeg. */
export interface Look {
  width: number;
  height: number;
  /** What colour is at a place, in fractions of the picture; null: none of {@link COLOURS}. */
  at(x: number, y: number): ColourName | null;
  /** How loud a tone is, 0 to 1 of full scale. */
  tone(hz: number): number;
}

/** Plays a stream for a second, and looks at the last picture of it. */
export async function look(url: string): Promise<Look> {
  const folder = await mkdtemp(join(tmpdir(), 'lianmai-look-'));
  const [picture, sound] = [join(folder, 'picture.ppm'), join(folder, 'sound.raw')];
  try {
    await runProgram('ffmpeg', [
      ...['-v', 'error', '-nostdin', '-threads', '1', '-analyzeduration', '1000000', '-i', url],
      ...['-t', '1', '-map', '0:v', '-f', 'image2', '-update', '1', '-y', picture],
      ...['-t', '1', '-map', '0:a', '-f', 'f32le', '-ac', '1', '-ar', String(SAMPLE_RATE), '-y', sound],
    ]);
    return describe(await readFile(picture), await readFile(sound));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function describe(ppm: Buffer, sound: Buffer): Look {
  const [head = '', width = 0, height = 0] = readHead(ppm);
  const pixels = ppm.subarray(head.length);
  return {
    width,
    height,
    at(x, y) {
      const from = 3 * (Math.floor(y * height) * width + Math.floor(x * width));
      const names = Object.keys(COLOURS) as ColourName[];
      const isNear = (name: ColourName) =>
        COLOURS[name].every((value, i) => Math.abs(value - pixels.readUInt8(from + i)) < TOLERANCE);
      return names.find(isNear) ?? null;
    },
    tone: (hz) => loudness(sound, hz),
  };
}

/** Netpbm's P6: width, height and the greatest value as text, then bytes. */
function readHead(ppm: Buffer): [string, number, number] {
  const match = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString('latin1', 0, 64));
  if (!match) throw new Error('ffmpeg wrote no picture');
  return [match[0], Number(match[1]), Number(match[2])];
}

/** Goertzel over the last half second. */
function loudness(sound: Buffer, hz: number): number {
  const count = Math.min(sound.length / 4, SAMPLE_RATE / 2) | 0;
  const from = sound.length / 4 - count;
  let re = 0;
  let im = 0;
  for (let i = 0; i < count; i++) {
    const sample = sound.readFloatLE(4 * (from + i));
    re += sample * Math.cos((2 * Math.PI * hz * i) / SAMPLE_RATE);
    im += sample * Math.sin((2 * Math.PI * hz * i) / SAMPLE_RATE);
  }
  return (2 * Math.hypot(re, im)) / Math.max(1, count);
}
