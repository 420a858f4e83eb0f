export {
  type FragmentOptions,
  type FragmentSample,
  type FragmentTrack,
  fragment,
} from './fragment.ts';
export { AUDIO_TRACK_ID, type InitOptions, initSegment, VIDEO_TIMESCALE, VIDEO_TRACK_ID } from './init.ts';
