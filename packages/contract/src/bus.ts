/** What control, media workers and the supervisor say to each other. Subjects are built here and nowhere else. */
import type { ErrorBody } from './errors.ts';
import type { EndReason, IngestProtocol, PlayProtocol, StreamFigures } from './streams.ts';

/** How a stream may be played; control hands it out with the publish grant so that a join needs no question to control. */
export interface PlayPolicy {
  /** When not null, a play URL must carry txSecret and txTime made with one of these keys. */
  signedWith: readonly string[] | null;
  /** When given, the stream is a conference member's: only members of the same conference may play it, with their token. */
  members?: MemberPolicy;
}

/** Which member tokens (`server/src/auth/member-token.ts`) open a member's stream. */
export interface MemberPolicy {
  conferenceId: string;
  /** Signs the conference's tokens. */
  key: string;
  /** Numbers of the members that are present. */
  present: readonly number[];
  /** The newest number given out when this was written: a higher one is of a member that came later, and is let in. */
  upTo: number;
}

/** What happened in a conference. */
export interface ConferenceEvent {
  conferenceId: string;
  /** `off-air`: the member ended its stream with a goodbye and stays. */
  type: 'created' | 'joined' | 'on-air' | 'off-air' | 'video-gone' | 'left' | 'muted' | 'kicked' | 'ended';
  /** Whom it is about; null: the conference as such. */
  userId: string | null;
  atMs: number;
}

/** Asked of control before a publisher is let in. */
export interface PublishRequest {
  stream: string;
  /** Raw query of the push URL, without `?`. */
  query: string;
  protocol: IngestProtocol;
  ip: string;
  worker: string;
}

export interface PublishGrant {
  sessionId: string;
  channelId: string;
  accountId: string;
  play: PlayPolicy;
}

/** Value of the lease {@link leases.stream}: who holds the publisher of a stream. */
export interface StreamHolder extends PublishGrant {
  worker: string;
  protocol: IngestProtocol;
  startedAtMs: number;
}

/** Value of the lease {@link leases.worker}. */
export interface WorkerInfo {
  id: string;
  pid: number;
  /** Where other workers reach this one: a unix socket path (later also host:port). */
  internalAddress: string;
}

export interface StreamEvent {
  stream: string;
  channelId: string;
  sessionId: string;
  worker: string;
  state: 'live' | 'interrupted' | 'ended';
  atMs: number;
  reason?: EndReason;
}

/** Sent by every worker every second: the streams it publishes (figures of the publisher) and those it only plays (viewers). */
export interface WorkerReport {
  worker: string;
  atMs: number;
  streams: readonly (StreamFigures & {
    stream: string;
    channelId: string;
    accountId: string;
    sessionId: string;
    publishing: boolean;
  })[];
}

/** Traffic since the last acknowledged report; `seq` counts up per worker process, so control can drop repeats. */
export interface UsageReport {
  worker: string;
  /** Unique per worker process. */
  incarnation: string;
  seq: number;
  fromMs: number;
  toMs: number;
  items: readonly {
    accountId: string;
    channelId: string;
    protocol: IngestProtocol | PlayProtocol;
    direction: 'in' | 'out';
    bytes: number;
  }[];
}

export interface DisconnectCommand {
  stream: string;
  reason: EndReason;
  error?: ErrorBody['error'];
}

/** Sent by control when a live stream's rules changed (keys rotated, play signing switched). */
export interface PolicyChange {
  stream: string;
  play: PlayPolicy;
}

export interface ProcessHealth {
  name: string;
  ok: boolean;
  detail?: string;
}

export interface HealthReport {
  ok: boolean;
  processes: readonly ProcessHealth[];
}

/** Requests: one responder answers. `[request, answer]` by subject. */
export interface BusRequests {
  'control.publish': [PublishRequest, PublishGrant];
  'control.usage': [UsageReport, { ok: true }];
  /** A channel for a source of the server's own (the demo picture), made when missing: the signed query to push with. */
  'control.own-channel': [{ stream: string; name: string }, { query: string }];
  'supervisor.health': [null, HealthReport];
}

/** Requests every subscriber answers: `[request, each answer]`. */
export interface BusGathers {
  /** prom-client's `getMetricsAsJSON()` of each process. */
  'all.metrics': [null, unknown];
  'worker.report': [null, WorkerReport];
  /** Whether each process can do its work now. */
  'all.health': [null, ProcessHealth];
}

/** Events: everyone who listens hears them. */
export interface BusEvents {
  'stream.event': StreamEvent;
  'worker.report': WorkerReport;
  'stream.disconnect': DisconnectCommand;
  'stream.policy': PolicyChange;
  'conference.event': ConferenceEvent;
  /** A viewer cannot go on without a key frame: whoever holds a publisher that makes them on demand asks it. */
  'stream.key-frame': { stream: string };
}

/** Lease keys. A lease ends with its owner's process. */
export const leases = {
  stream: (stream: string) => `stream/${stream}`,
  hls: (stream: string) => `hls/${stream}`,
  worker: (worker: string) => `worker/${worker}`,
} as const;
