export { type DeliveryDirectives, parseDeliveryDirectives } from './directives.ts';
export {
  type CompleteSegment,
  type MediaPlaylist,
  type PlaylistPart,
  type PlaylistSegment,
  type PlaylistTiming,
  type RenditionReport,
  type WriteOptions,
  writeMediaPlaylist,
} from './media-playlist.ts';
export { type Variant, writeMultivariantPlaylist } from './multivariant-playlist.ts';
