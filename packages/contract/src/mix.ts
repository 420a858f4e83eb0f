/** What control tells a mixer to make, and what the mixer tells of it. REST's shapes of the same are in `rest/mix.ts`. */
import type { PlayPolicy } from './play-policy.ts';

/** Layouts by name; which tile an input gets follows from its place in {@link MixJob.inputs}. */
export const MIX_TEMPLATES = [
  'full', // the first input alone
  'side-by-side',
  'top-bottom',
  'pip-top-left', // the first full, the others small, from that corner on
  'pip-top-right',
  'pip-bottom-left',
  'pip-bottom-right',
  'cohost', // the first full, co-anchors stacked upward along the right edge
  'pk', // two halves
  'grid', // 1 to 16, as square as it goes
  'speaker', // the one who speaks large, the others in a strip
  'audio', // avatars and names in a grid, no videos
] as const;
export type MixTemplate = (typeof MIX_TEMPLATES)[number];

/** Up to so many inputs in one mix. */
export const MAX_MIX_INPUTS = 16;

/** A picture of the server's storage, by its id there. */
export type PictureId = string;

export interface MixInput {
  /** Unique in the mix; what tiles refer to, and by what an input is the same one after a change. */
  id: string;
  source: { stream: string } | { picture: PictureId } | { color: string };
  /** Name label; null: none. Any language, at most 64 characters. */
  label: string | null;
  /** Shown while there is no video; null: a coloured disc with the label's first character. */
  avatar: PictureId | null;
  /** Linear: 1 is as it comes, 0 silent, at most 4. */
  volume: number;
  /** Not heard in the mix. */
  muted: boolean;
  /** false: sound only, its tile shows avatar and name. */
  video: boolean;
  /** Also make `mixMinusName(stream, id)`: the same pictures, the sound without this input's own. */
  mixMinus: boolean;
}

/** Where an input is on the canvas. Pixels, or fractions of the canvas when `unit` says so. */
export interface MixTile {
  input: string;
  unit: 'px' | 'fraction';
  x: number;
  y: number;
  width: number;
  height: number;
  /** 1 to 16; higher ones cover lower ones. */
  layer: number;
  /** cover: fills the tile, cut at two sides; contain: all of it, with bars in the background's colour. */
  fit: 'cover' | 'contain';
  /** Part of the input that is shown, in fractions of it; null: all. */
  crop: { x: number; y: number; width: number; height: number } | null;
  /** Of the corners, px. */
  radius: number;
  border: { width: number; color: string } | null;
  /** Whether the input's label is drawn. */
  label: boolean;
}

export type MixLayout = { template: MixTemplate } | { tiles: readonly MixTile[] };

export interface MixCanvas {
  /** Even, 16 to 1920 each. */
  width: number;
  height: number;
  /** `#rrggbb` */
  background: string;
  backgroundPicture: PictureId | null;
  /** Drawn over everything. */
  watermark: { picture: PictureId; x: number; y: number; width: number } | null;
  /** A frame around whoever speaks. */
  highlightSpeaker: boolean;
  /** How long tiles slide when the layout changes; 0: they jump. */
  transitionMs: number;
}

export interface MixOutput {
  /** 1 to 60. */
  fps: number;
  videoKbps: number;
  audioKbps: number;
  gopMs: number;
  /** `economy`: a quarter less CPU, as good for faces, worse where edges move. */
  preset: 'quality' | 'economy';
}

/** A channel whose viewers are to see the mix. */
export interface MixProgram {
  stream: string;
  channelId: string;
  accountId: string;
  play: PlayPolicy;
}

/** One mix, whole: a mixer compares it with what it makes and changes only that. */
export interface MixJob {
  id: string;
  /** Counts up with each change; a lower one than the mixer has is old. */
  version: number;
  /** The output's name among all streams. */
  stream: string;
  channelId: string;
  accountId: string;
  play: PlayPolicy;
  inputs: readonly MixInput[];
  layout: MixLayout;
  canvas: MixCanvas;
  output: MixOutput;
  programs: readonly MixProgram[];
  /** `picture`: stands in while the anchor is away. */
  kind: 'mix' | 'picture';
}

/** The stream that carries the mix without the sound of one of its inputs. */
export const mixMinusName = (stream: string, input: string): string => `${stream}.minus-${input}`;

export interface MixInputStatus {
  id: string;
  /** waiting: has sent nothing yet; live; frozen: nothing new for a moment; gone: nothing for 2 s, placeholder shown; broken: cannot be decoded. */
  state: 'waiting' | 'live' | 'frozen' | 'gone' | 'broken';
  /** From a frame's arrival to its being in the output; null while unknown. */
  delayMs: number | null;
  /** Sound waiting to be mixed. */
  bufferMs: number | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  /** 0 to 1. */
  level: number;
}

export interface MixStatus {
  id: string;
  version: number;
  /** starting: nothing made yet; running; passing: one input, passed through as it is; sleeping: nobody watches; failed. */
  state: 'starting' | 'running' | 'passing' | 'sleeping' | 'failed';
  /** Why it failed. */
  detail?: string;
  /** Reached over the last seconds. */
  fps: number;
  /** Frames of the output since its start, and those that came more than one frame late. */
  frames: number;
  lateFrames: number;
  /** Cores used, 1: one whole core. */
  cpu: number;
  inputs: readonly MixInputStatus[];
  /** Channels whose viewers see it now. */
  programs: readonly string[];
}

export interface MixerReport {
  mixer: string;
  atMs: number;
  /** Cores that this process' mixes use together. */
  cpu: number;
  mixes: readonly MixStatus[];
}

/** Value of the lease `leases.mixer`. */
export interface MixerInfo {
  id: string;
  pid: number;
  /** Mixers of one machine share its cores. */
  machine: string;
  /** Of the machine. */
  cores: number;
}
