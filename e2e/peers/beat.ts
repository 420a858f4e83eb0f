import type { AVSampleFormat } from 'node-av';
import { Decoder, Demuxer } from 'node-av/api';
import type { Frame } from 'node-av/lib';
import type { Page } from 'playwright-core';
import { Program } from './program.ts';

/** When pictures turn from black to white, and when sound sets in, ms on the stream's timeline. */
export interface Beats {
  flashes: number[];
  beeps: number[];
}

const FLASH_MS = 150;
/** Of the decoded brightness (0 to 255), and of full scale. */
const BRIGHT = 110;
const LOUD = 0.1;
/** So long it must have been dark or silent before. */
const REST_MS = 300;
/** Beyond that a flash and a beep are of different beats. */
const SAME_BEAT_MS = 400;

/** Lets the page's next WHIP publisher send a flash and a beep together, once a second. */
export function beatInPage(page: Page): Promise<void> {
  return page.evaluate(async (flashMs) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const context = canvas.getContext('2d');
    const sound = new AudioContext({ sampleRate: 48_000 });
    await sound.resume();
    const tone = new OscillatorNode(sound, { frequency: 1000 });
    const gain = new GainNode(sound, { gain: 0 });
    const out = new MediaStreamAudioDestinationNode(sound);
    tone.connect(gain).connect(out);
    tone.start();
    let was = false;
    setInterval(() => {
      const isBeat = performance.now() % 1000 < flashMs;
      if (context) context.fillStyle = isBeat ? 'white' : 'black';
      context?.fillRect(0, 0, 320, 240);
      if (isBeat !== was) gain.gain.setValueAtTime(isBeat ? 0.8 : 0, sound.currentTime);
      was = isBeat;
    }, 20);
    const tracks = [...canvas.captureStream(25).getVideoTracks(), ...out.stream.getAudioTracks()];
    Object.assign(window, { whipMedia: new MediaStream(tracks) });
  }, FLASH_MS);
}

/** Pushes the same by RTMP from ffmpeg: exact to the sample. */
export function pushBeat(url: string, { bFrames = 0 } = {}): Program {
  const isBeat = `lt(mod(t,1),${FLASH_MS / 1000})`;
  return new Program('ffmpeg', [
    ...['-v', 'error', '-nostdin'],
    ...['-re', '-f', 'lavfi', '-i', `color=c=black:s=320x240:r=25,drawbox=c=white:t=fill:enable='${isBeat}'`],
    ...['-re', '-f', 'lavfi', '-i', `aevalsrc='0.8*sin(2*PI*1000*t)*${isBeat}':s=44100`],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-pix_fmt',
      'yuv420p',
      '-threads',
      '1',
      '-g',
      '50',
      '-sc_threshold',
      '0',
    ],
    ...(bFrames > 0 ? ['-bf', String(bFrames), '-b_strategy', '0', '-rc-lookahead', '5'] : ['-tune', 'zerolatency']),
    ...['-c:a', 'aac', '-b:a', '96k', '-flvflags', 'no_duration_filesize', '-f', 'flv', url],
  ]);
}

/** Decodes a file of both tracks, or one of each, and finds the beats. */
export async function beatsOf(video: Buffer, audio = video): Promise<Beats> {
  const [flashes, beeps] = [new Onsets(), new Onsets()];
  await decoded(video, 'video', (frame, ms) => flashes.at(ms, brightness(frame) > BRIGHT));
  await decoded(audio, 'audio', (frame, ms) => {
    for (const [i, sample] of samples(frame).entries())
      beeps.at(ms + (i * 1000) / frame.sampleRate, Math.abs(sample) > LOUD);
  });
  return { flashes: flashes.times, beeps: beeps.times };
}

/** By how many ms each beep comes after its flash. */
export function lipSync({ flashes, beeps }: Beats): number[] {
  return flashes.flatMap((flash) => {
    const nearest = beeps.toSorted((a, b) => Math.abs(a - flash) - Math.abs(b - flash))[0];
    return nearest === undefined || Math.abs(nearest - flash) > SAME_BEAT_MS ? [] : [nearest - flash];
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** The moments something sets in after a rest. */
class Onsets {
  readonly times: number[] = [];
  /** The first moments are the end of something, for all one knows. */
  #lastMs: number | null = null;

  at(ms: number, isOn: boolean): void {
    this.#lastMs ??= ms;
    if (!isOn) return;
    if (ms - this.#lastMs > REST_MS) this.times.push(ms);
    this.#lastMs = ms;
  }
}

async function decoded(file: Buffer, kind: 'video' | 'audio', take: (frame: Frame, ms: number) => void): Promise<void> {
  await using demuxer = await Demuxer.open(file);
  const stream = demuxer[kind]();
  if (!stream) return;
  using decoder = await Decoder.create(stream);
  for await (const frame of decoder.frames(demuxer.packets(stream.index))) {
    if (!frame) continue;
    const { num, den } = frame.timeBase;
    take(frame, (Number(frame.pts) * 1000 * num) / den);
    frame.free();
  }
}

/** The mean of a few lines' luma. */
function brightness({ data, linesize, width, height }: Frame): number {
  const [luma, stride = 0] = [data?.[0] ?? Buffer.alloc(0), linesize[0]];
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height; y += 16)
    for (let x = 0; x < width; x += 16) {
      sum += luma[y * stride + x] ?? 0;
      count++;
    }
  return sum / count;
}

const FLOAT: AVSampleFormat = 3 as AVSampleFormat;
const FLOAT_PLANAR: AVSampleFormat = 8 as AVSampleFormat;

/** The first channel, as floats. @throws Error for other sample formats. */
function samples({ data, format, nbSamples, channels }: Frame): Float32Array {
  const plane = data?.[0];
  if (!plane || (format !== FLOAT && format !== FLOAT_PLANAR)) throw new Error(`samples of format ${format}`);
  const step = format === FLOAT ? channels : 1;
  return Float32Array.from({ length: nbSamples }, (_, i) => plane.readFloatLE(4 * i * step));
}
