import type { MixCanvas, MixInput, MixTile } from '../../packages/contract/src/mix.ts';
import type { AudioFrame, VideoFrame } from '../../packages/media/src/index.ts';
import { Compositor } from '../../packages/server/src/mixer/picture/compositor.ts';
import { type EncodedPicture, PictureEncoder } from '../../packages/server/src/mixer/picture/picture-encoder.ts';
import { InputClock, type Playhead } from '../../packages/server/src/mixer/sound/input-clock.ts';
import { BLOCK, BLOCK_MS } from '../../packages/server/src/mixer/sound/planes.ts';
import { type EncodedSound, SoundEncoder } from '../../packages/server/src/mixer/sound/sound-encoder.ts';
import { SoundMixer } from '../../packages/server/src/mixer/sound/sound-mixer.ts';
import { MIX_CANVAS, type Tile } from './mix-canvas.ts';

export type MixPreset = 'quality' | 'economy';

export interface MixEngineOptions {
  tiles: readonly Tile[];
  preset: MixPreset;
  /** What pictures are shown by, blocks of sound made at their beginning; null: as the server does, by each input's own clock. */
  playhead: Playhead | null;
}

/** An input's picture is shown by the output's that is nearest in time, be that half a picture early: as the server does. */
const EARLY_MS = 500 / MIX_CANVAS.fps;

const CANVAS: MixCanvas = {
  width: MIX_CANVAS.width,
  height: MIX_CANVAS.height,
  background: '#000000',
  backgroundPicture: null,
  watermark: null,
  highlightSpeaker: false,
  transitionMs: 0,
};

/** The server's mixer without its streams: frames in, encoded pictures and sound out, when it is told to. */
export class MixEngine {
  readonly pictureConfig: Buffer;
  readonly soundConfig: Buffer;
  readonly #ids: readonly string[];
  readonly #clocks: readonly InputClock[];
  readonly #playheads: readonly Playhead[];
  readonly #earlyMs: number;
  readonly #compositor: Compositor;
  readonly #encoder: PictureEncoder;
  readonly #mixer: SoundMixer;
  readonly #soundEncoder: SoundEncoder;

  constructor({ tiles, preset, playhead }: MixEngineOptions) {
    const { fps, gopS, videoKbps, audioKbps, width, height } = MIX_CANVAS;
    this.#ids = tiles.map((_, i) => `input-${i}`);
    this.#clocks = tiles.map(() => new InputClock());
    this.#earlyMs = playhead ? 0 : EARLY_MS;
    this.#playheads = this.#clocks.map(
      (clock) => playhead ?? { playheadMs: (nowMs) => clock.playheadMs(nowMs + EARLY_MS) },
    );
    this.#mixer = new SoundMixer({ lateMs: playhead ? 0 : BLOCK_MS });
    const log = { warn: console.error };
    this.#compositor = new Compositor({ canvas: CANVAS, fps, pictures: async () => null, log });
    this.#compositor.arrange(this.#ids.map(inputOf), { tiles: tiles.map(tileOf) }, CANVAS, 0);
    for (const id of this.#ids) this.#mixer.setInput(id, { volume: 1, muted: false });
    const output = { fps, videoKbps, audioKbps, gopMs: gopS * 1000, preset };
    this.#encoder = new PictureEncoder({ ...output, width, height, inputs: tiles.length });
    this.#soundEncoder = new SoundEncoder({ codec: 'aac', kbps: audioKbps });
    this.pictureConfig = this.#encoder.config;
    this.soundConfig = this.#soundEncoder.config;
  }

  /** A frame of an input has come. */
  take(input: number, frame: VideoFrame | AudioFrame, nowMs: number): void {
    const id = this.#ids[input]!;
    const clock = this.#clocks[input]!;
    // Sound tells the clock of itself.
    if (frame.track === 'audio') return this.#mixer.write(id, frame, clock, nowMs);
    if (frame.type !== 'config') clock.arrived(frame.dts + frame.cts, nowMs, this.#earlyMs);
    this.#compositor.write(id, frame, this.#playheads[input]!, nowMs);
  }

  picture(index: number, atMs: number): EncodedPicture | null {
    return this.#encoder.encode(this.#compositor.compose(atMs), index, false);
  }

  block(atMs: number): EncodedSound[] {
    return this.#soundEncoder.encode(this.#mixer.mix(atMs).all, BLOCK);
  }

  /** From a frame's arrival to its being on the canvas, of each input that showed one, ms. */
  get delaysMs(): number[] {
    return this.#ids.flatMap((id) => this.#compositor.state(id).delayMs ?? []);
  }

  /** Times sound was missing. */
  get underruns(): number {
    return this.#ids.reduce((sum, id) => sum + this.#mixer.underruns(id), 0);
  }

  close(): void {
    this.#compositor.close();
    this.#encoder.close();
    this.#mixer.close();
    this.#soundEncoder.close();
  }
}

const inputOf = (id: string): MixInput => ({
  ...{ id, source: { stream: id }, label: null, avatar: null },
  ...{ volume: 1, muted: false, video: true, mixMinus: false },
});

const tileOf = (tile: Tile, i: number): MixTile => ({
  ...{ ...tile, input: `input-${i}`, unit: 'px', layer: 1, fit: 'cover' },
  ...{ crop: null, radius: 0, border: null, label: false },
});
