import { writeFile } from 'node:fs/promises';
import { COLOURS, type ColourName } from './coloured.ts';

const WIDTH = 320;
const HEIGHT = 240;
/** Frames in the file; Chromium plays it round and round. */
const FRAMES = 3;

/** Writes what Chromium takes for a camera: a picture of one colour, as YUV4MPEG2 in BT.601. @returns the path. */
export async function writeFakeCamera(path: string, colour: ColourName): Promise<string> {
  const [r, g, b] = COLOURS[colour];
  const y = 16 + 0.257 * r + 0.504 * g + 0.098 * b;
  const u = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
  const v = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
  const plane = (size: number, value: number) => Buffer.alloc(size, Math.round(value));
  const quarter = (WIDTH * HEIGHT) / 4;
  const frame = [Buffer.from('FRAME\n'), plane(WIDTH * HEIGHT, y), plane(quarter, u), plane(quarter, v)];
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F25:1 Ip A1:1 C420jpeg\n`);
  await writeFile(path, Buffer.concat([head, ...Array.from({ length: FRAMES }, () => frame).flat()]));
  return path;
}
