import { setTimeout as after } from 'node:timers/promises';
import type { Packet } from 'node-av/lib';
import { fillBeep } from './beep.ts';
import { PictureEncoder, type PictureOptions, SoundEncoder, type SoundOptions } from './encoders.ts';
import { RtmpOutput } from './rtmp-output.ts';
import { TestCard } from './test-card.ts';

export interface PushOptions {
  /** `rtmp://…`, signed if it must be. */
  url: string;
  /** At least one of the two. */
  picture: PictureOptions | null;
  sound: SoundOptions | null;
  /** Ends the push with a goodbye. */
  signal: AbortSignal;
  /** Called once the server took the push. */
  onLive?: () => void;
}

/** Falling so far behind the clock, the push leaves the missed time out instead of catching up in a burst. */
const SKIP_MS = 500;
/** Pace of the sound when there is no picture. */
const TICK_MS = 40;
const NAMES = { h264: 'H.264', h265: 'H.265', av1: 'AV1', aac: 'AAC', opus: 'OPUS', mp3: 'MP3' } as const;

/**
 * Publishes the moving test card with its beep, paced by the clock, until the signal.
 * @throws PushFailed refused or broken, with the server's reason. @throws PushHung see there.
 */
export async function pushTestCard(options: PushOptions): Promise<void> {
  using pictures = options.picture && new PictureEncoder(options.picture);
  using sounds = options.sound && new SoundEncoder(options.sound);
  const encoders = [pictures, sounds].filter((encoder) => encoder !== null);
  const output = await RtmpOutput.open(
    options.url,
    encoders.map(({ context }) => context),
  );
  options.onLive?.();
  try {
    await run(options, pictures, sounds, async (packet, encoder) =>
      output.write(packet, encoders.indexOf(encoder), encoder.context),
    );
  } catch (error) {
    await output.close(false);
    throw error;
  }
  await output.close(true);
}

type Write = (packet: Packet, encoder: PictureEncoder | SoundEncoder) => Promise<void>;

async function run(
  { picture, sound, signal }: PushOptions,
  pictures: PictureEncoder | null,
  sounds: SoundEncoder | null,
  write: Write,
): Promise<void> {
  const card = picture && new TestCard(picture.width, picture.height, labels(picture, sound));
  const tickMs = picture ? 1000 / picture.fps : TICK_MS;
  const samples = new Float32Array(sounds?.frameSamples ?? 0);
  const startedAt = performance.now();
  // Wall clock of tick 0; later moments are counted from it, so that sound and picture share one clock.
  const startedAtMs = Date.now();
  let soundFrame = 0;
  for (let tick = 0; !signal.aborted; tick++) {
    const dueMs = tick * tickMs;
    const earlyMs = startedAt + dueMs - performance.now();
    if (earlyMs > 0) await after(earlyMs, undefined, { signal }).catch(() => {});
    else if (earlyMs < -SKIP_MS) {
      tick += Math.floor(-earlyMs / tickMs);
      if (sounds && sound) soundFrame = Math.floor((tick * tickMs * sound.sampleRate) / 1000 / sounds.frameSamples);
    }
    const packets: [Packet, PictureEncoder | SoundEncoder][] = [];
    const keep = (encoder: PictureEncoder | SoundEncoder) => (packet: Packet) => {
      const own = packet.clone();
      if (own) packets.push([own, encoder]);
    };
    if (card && pictures) pictures.encode(card.draw(tick, startedAtMs + tick * tickMs), tick, keep(pictures));
    if (sounds && sound) {
      const frameMs = (sounds.frameSamples * 1000) / sound.sampleRate;
      for (; (soundFrame + 1) * frameMs <= (tick + 1) * tickMs; soundFrame++) {
        fillBeep(samples, startedAtMs + soundFrame * frameMs, sound.sampleRate);
        sounds.encode(samples, soundFrame * sounds.frameSamples, keep(sounds));
      }
    }
    try {
      for (const [packet, encoder] of packets) await write(packet, encoder);
    } finally {
      for (const [packet] of packets) packet.free();
    }
  }
}

function labels(picture: PictureOptions, sound: SoundOptions | null): string[] {
  const codecs = [picture.codec, sound?.codec].filter((codec) => codec !== undefined).map((codec) => NAMES[codec]);
  return [`${picture.width}×${picture.height}  ${picture.fps} FPS`, codecs.join(' + ')];
}
