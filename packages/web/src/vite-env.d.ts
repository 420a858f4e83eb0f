/// <reference types="vite/client" />

/** The build without alternative audio, subtitles and DRM has the types of the whole one. */
declare module 'hls.js/light' {
  export * from 'hls.js';
  export { default } from 'hls.js';
}
