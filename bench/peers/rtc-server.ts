import type { RtcTarget } from '../load/rtc-load.ts';

/** A server that plays by WebRTC, started for one measurement and ended by disposing it. */
export interface RunningRtcServer extends AsyncDisposable {
  /** All its processes: what they use is what it costs. */
  readonly pids: readonly number[];
  /** Where its one stream is watched. */
  readonly target: RtcTarget;
  /** Sends it the stream of {@link RTC_SOURCE}, until disposed. */
  publish(): Promise<AsyncDisposable>;
}

export interface RtcPeer {
  readonly name: string;
  /** Why it cannot take part here, in a sentence; null when it can. */
  missing(): string | null;
  start(): Promise<RunningRtcServer>;
}
