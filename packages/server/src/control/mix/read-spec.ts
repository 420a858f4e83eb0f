import { LiveError, type MixCanvas, type MixOutput } from '@lianmai/contract';
import type { CreateMix, MixInputsChange, MixOutputWish, UpdateMix } from '@lianmai/contract/rest';
import { readColor } from './read-color.ts';
import { changeInputs, findInput, readInputs } from './read-inputs.ts';
import { keepLayout, readLayout } from './read-layout.ts';
import { DEFAULT_CANVAS, DEFAULT_OUTPUT, type MixSpec } from './spec.ts';

/** What is asked for, written out. @throws LiveError BAD_REQUEST, naming the field. */
export function readSpec({ inputs: wished, layout = 'grid', output: encoding = {} }: CreateMix): MixSpec {
  const inputs = readInputs(wished);
  const canvas = readCanvas(encoding, DEFAULT_CANVAS);
  return { inputs, layout: readLayout(layout, inputs, canvas), canvas, output: readOutput(encoding, DEFAULT_OUTPUT) };
}

/** The same after a change; what is not spoken of stays. @throws LiveError BAD_REQUEST, naming the field. */
export function changeSpec(before: MixSpec, { inputs: change, layout, output: encoding = {} }: UpdateMix): MixSpec {
  const inputs = change === undefined ? before.inputs : changeInputs(change, before.inputs);
  const canvas = readCanvas(encoding, before.canvas);
  return {
    inputs,
    layout:
      layout === undefined
        ? keepLayout(before.layout, inputs, canvas, swappedBy(change, before))
        : readLayout(layout, inputs, canvas),
    canvas,
    output: readOutput(encoding, before.output),
  };
}

function swappedBy(change: MixInputsChange | undefined, { inputs }: MixSpec): [string, string] | null {
  if (change === undefined || Array.isArray(change) || !change.swap) return null;
  const known = change.swap.filter((ref) =>
    inputs.some(({ id, source }) => id === ref || ('stream' in source && source.stream === ref)),
  );
  const [a, b] = known.map((ref) => findInput(inputs, ref, 'inputs/swap').id);
  return a === undefined || b === undefined ? null : [a, b];
}

function readCanvas(wish: MixOutputWish, before: MixCanvas): MixCanvas {
  const { width = before.width, height = before.height, background, backgroundPicture, watermark } = wish;
  const canvas = {
    width,
    height,
    background: background === undefined ? before.background : readColor(background),
    backgroundPicture: backgroundPicture === undefined ? before.backgroundPicture : backgroundPicture,
    watermark: watermark === undefined ? before.watermark : readWatermark(watermark, width, height),
    highlightSpeaker: wish.highlightSpeaker ?? before.highlightSpeaker,
    transitionMs: wish.transitionMs ?? before.transitionMs,
  };
  const mark = canvas.watermark;
  if (mark && (mark.x + mark.width > width || mark.y >= height))
    throw new LiveError(
      'BAD_REQUEST',
      `output/watermark reaches beyond the canvas of ${width}x${height}`,
      'output/watermark',
    );
  return canvas;
}

function readWatermark(wish: MixCanvas['watermark'], width: number, height: number): MixCanvas['watermark'] {
  if (!wish) return null;
  const inFractions = Math.max(wish.x, wish.y, wish.width) <= 1;
  const px = (value: number, of: number) => Math.round(inFractions ? value * of : value);
  return {
    picture: wish.picture,
    x: px(wish.x, width),
    y: px(wish.y, height),
    width: Math.max(1, px(wish.width, width)),
  };
}

function readOutput(wish: MixOutputWish, before: MixOutput): MixOutput {
  const { fps, bitrateKbps, audioBitrateKbps, gopSeconds, preset } = wish;
  return {
    fps: fps ?? before.fps,
    videoKbps: bitrateKbps ?? before.videoKbps,
    audioKbps: audioBitrateKbps ?? before.audioKbps,
    gopMs: gopSeconds === undefined ? before.gopMs : Math.round(gopSeconds * 1000),
    preset: preset ?? before.preset,
  };
}
