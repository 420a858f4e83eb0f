import type { LiveStreamImpl } from './live-stream.ts';
import type { LocalPublication } from './local-publication.ts';

/**
 * A stream that is on this worker. It comes from a publisher here, over a relay from another worker, or for the moment
 * from nowhere, while its viewers wait for a publisher to come back.
 */
export interface Feed {
  readonly stream: LiveStreamImpl;
  publication: LocalPublication | null;
  /** Whether newcomers can be served: a relay brings the GOP first. */
  ready: boolean;
  /** Since when it comes from nowhere. */
  lostMs: number | null;
  /** Since when a relayed stream is watched by nobody here. */
  unwantedMs: number | null;
}
