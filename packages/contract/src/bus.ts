/** What control, media workers and the supervisor say to each other. Subjects are built here and nowhere else. */
import type { ErrorBody } from './errors.ts';
import type { ImAnnouncement, ImDelivery, ImReport } from './im-bus.ts';
import type { MixerReport, MixJob, MixStatus } from './mix.ts';
import type { PlayPolicy } from './play-policy.ts';
import type { RoomCloseReason } from './rest/room.ts';
import type { EndReason, IngestProtocol, PlayProtocol, StreamFigures } from './streams.ts';

/** What happened in a conference. */
export interface ConferenceEvent {
  conferenceId: string;
  /** `off-air`: the member ended its stream with a goodbye and stays. */
  type: 'created' | 'joined' | 'on-air' | 'off-air' | 'video-gone' | 'left' | 'muted' | 'kicked' | 'ended';
  /** Whom it is about; null: the conference as such. */
  userId: string | null;
  atMs: number;
}

/** What happened to a room; what it is now is control's to tell. */
export interface RoomEvent {
  roomId: string;
  /** `changed`: title, cover, settings, custom fields. `live`, `interrupted`: its broadcast. */
  type: 'opened' | 'live' | 'interrupted' | 'changed' | 'closed';
  /** Of `closed`. */
  reason: RoomCloseReason | null;
  atMs: number;
}

/** A user's profile changed, or tokens of it are worth nothing any more. */
export interface UserChange {
  appId: string;
  userId: string;
  /** Tokens of a lower one have ended. */
  generation: number;
  /** The one token that was logged out, by its id; null: none singly. */
  loggedOut: string | null;
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
  /** Conversions that it gives of its own streams itself, as they are asked for over a relay: `audio=opus`. */
  variants?: readonly string[];
}

/**
 * Value of the lease {@link leases.program}: what viewers of a channel's stream get in place of its own frames. Held by the mixer
 * that makes it, so that it ends with the mixer, and lives on without control.
 */
export interface Program {
  /** The stream to play instead; it is warm when the lease is taken. */
  source: string;
  kind: 'mix' | 'picture';
  worker: string;
  /** Of the channel whose program it is: viewers may come while its own stream is not live. */
  channelId: string;
  accountId: string;
  play: PlayPolicy;
  startedAtMs: number;
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
  /** The key that signs users' tokens (`server/src/auth/user-token.ts`); it never changes while a server lives. */
  'control.user-key': [null, { key: string }];
  'supervisor.health': [null, HealthReport];
  /** What happened on a worker's chat sockets; taken at once, answered later by {@link ImDelivery}. */
  'control.im': [ImReport, { ok: true }];
  'control.im-sockets': [ImAnnouncement, { ok: true }];
  /** Makes the mix, or changes it to this; answered at once, by the mixer of that id. */
  [run: `mixer.run/${string}`]: [MixJob, MixStatus];
  /** Ends the mix; channels it was the program of go back to their own streams first. */
  [stop: `mixer.stop/${string}`]: [{ id: string }, { ok: true }];
  /** A picture of the canvas, now: a JPEG in base64. */
  [preview: `mixer.preview/${string}`]: [{ id: string }, { jpeg: string }];
  /** A small still of a live stream's newest key frame: a JPEG in base64, no wider than asked. */
  'transcoder.still': [{ stream: string; width: number }, { jpeg: string }];
}

/** Requests every subscriber answers: `[request, each answer]`. */
export interface BusGathers {
  /** prom-client's `getMetricsAsJSON()` of each process. */
  'all.metrics': [null, unknown];
  'worker.report': [null, WorkerReport];
  /** Whether each process can do its work now. */
  'all.health': [null, ProcessHealth];
  'mixer.report': [null, MixerReport];
  'worker.im-sockets': [null, ImAnnouncement];
}

/** Events: everyone who listens hears them. */
export interface BusEvents {
  'stream.event': StreamEvent;
  'worker.report': WorkerReport;
  /** Every second from each mixer, and at once when a mix of it changes state. */
  'mixer.report': MixerReport;
  'stream.disconnect': DisconnectCommand;
  'stream.policy': PolicyChange;
  'conference.event': ConferenceEvent;
  'room.event': RoomEvent;
  'user.change': UserChange;
  /** A viewer cannot go on without a key frame: whoever holds a publisher that makes them on demand asks it. `picture`: 1, 2: a smaller one of simulcast. */
  'stream.key-frame': { stream: string; picture?: number };
  [deliver: `worker.im/${string}`]: ImDelivery;
}

/** Lease keys. A lease ends with its owner's process. */
export const leases = {
  stream: (stream: string) => `stream/${stream}`,
  hls: (stream: string) => `hls/${stream}`,
  worker: (worker: string) => `worker/${worker}`,
  /** Value `MixerInfo`. A mixer is also a worker: others fetch its streams. */
  mixer: (mixer: string) => `mixer/${mixer}`,
  /** Value {@link Program}; the key is the channel's stream name. */
  program: (stream: string) => `program/${stream}`,
} as const;
