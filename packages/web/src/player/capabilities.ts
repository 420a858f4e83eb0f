/** What this browser can do, as far as playing live media goes. */
export interface Capabilities {
  /** Media Source Extensions, `managed` for the kind iPhones have (ManagedMediaSource). */
  mediaSource: 'full' | 'managed' | 'none';
  /** A response's body can be read while it comes. */
  streamingFetch: boolean;
  webSocket: boolean;
  /** The video element takes an HLS playlist. */
  nativeHls: boolean;
  /** By media source. */
  decodes(mime: string): boolean;
  /** By the video element. */
  decodesNatively(mime: string): boolean;
}

interface MediaSourceKind {
  isTypeSupported(mime: string): boolean;
}

/** The browser's globals that matter; all may be missing. */
export interface BrowserScope {
  MediaSource?: MediaSourceKind;
  ManagedMediaSource?: MediaSourceKind;
  WebSocket?: unknown;
  Response?: { prototype: object };
}

/** @param canPlayType the video element's: `''`, `'maybe'` or `'probably'`. */
export function readCapabilities(scope: BrowserScope, canPlayType: (mime: string) => string): Capabilities {
  const source = scope.MediaSource ?? scope.ManagedMediaSource;
  return {
    mediaSource: scope.MediaSource ? 'full' : scope.ManagedMediaSource ? 'managed' : 'none',
    streamingFetch: scope.Response !== undefined && 'body' in scope.Response.prototype,
    webSocket: scope.WebSocket !== undefined,
    nativeHls: canPlayType('application/vnd.apple.mpegurl') !== '',
    decodes: (mime) => source?.isTypeSupported(mime) ?? false,
    decodesNatively: (mime) => canPlayType(mime) !== '',
  };
}
