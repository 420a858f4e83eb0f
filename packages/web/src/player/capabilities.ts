/** What this browser can do, as far as playing live media goes. */
export interface Capabilities {
  /** Media Source Extensions, `managed` for the kind iPhones have (ManagedMediaSource). */
  mediaSource: 'full' | 'managed' | 'none';
  /** A response's body can be read while it comes. */
  streamingFetch: boolean;
  webSocket: boolean;
  webRtc: boolean;
  /** The video element takes an HLS playlist. */
  nativeHls: boolean;
  /** By media source. */
  decodes(mime: string): boolean;
  /** By the video element. */
  decodesNatively(mime: string): boolean;
  /** By WebRTC; types as in SDP: `video/H264`. */
  decodesByRtc(mime: string): boolean;
}

interface MediaSourceKind {
  isTypeSupported(mime: string): boolean;
}

/** The browser's globals that matter; all may be missing. */
export interface BrowserScope {
  MediaSource?: MediaSourceKind;
  ManagedMediaSource?: MediaSourceKind;
  WebSocket?: unknown;
  RTCPeerConnection?: unknown;
  RTCRtpReceiver?: { getCapabilities(kind: string): { codecs: readonly { mimeType: string }[] } | null };
  Response?: { prototype: object };
}

/** @param canPlayType the video element's: `''`, `'maybe'` or `'probably'`. */
export function readCapabilities(scope: BrowserScope, canPlayType: (mime: string) => string): Capabilities {
  const source = scope.MediaSource ?? scope.ManagedMediaSource;
  const byRtc = (mime: string) => {
    const { codecs = [] } = scope.RTCRtpReceiver?.getCapabilities(mime.split('/', 1)[0] ?? '') ?? {};
    return codecs.some(({ mimeType }) => mimeType.toLowerCase() === mime.toLowerCase());
  };
  return {
    mediaSource: scope.MediaSource ? 'full' : scope.ManagedMediaSource ? 'managed' : 'none',
    streamingFetch: scope.Response !== undefined && 'body' in scope.Response.prototype,
    webSocket: scope.WebSocket !== undefined,
    webRtc: scope.RTCPeerConnection !== undefined,
    nativeHls: canPlayType('application/vnd.apple.mpegurl') !== '',
    decodes: (mime) => source?.isTypeSupported(mime) ?? false,
    decodesNatively: (mime) => canPlayType(mime) !== '',
    decodesByRtc: byRtc,
  };
}
