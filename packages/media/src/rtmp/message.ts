/** RTMP 1.0, 5.4, 6.2 and 7.1: message type ids. */
export const MESSAGE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  sharedObjectAmf3: 16,
  commandAmf3: 17,
  dataAmf0: 18,
  sharedObjectAmf0: 19,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** One message of RTMP 1.0, 6.1, put together from its chunks. */
export interface RtmpMessage {
  /** One of {@link MESSAGE}, or what else the peer sent. */
  readonly type: number;
  /** Message stream id: 0 for the connection, else what createStream answered. */
  readonly streamId: number;
  /** Milliseconds modulo 2^32, as on the wire. */
  readonly timestamp: number;
  /** May be a part of the bytes the peer sent, shared with other messages: never write to it. */
  readonly body: Buffer;
}

/** RTMP 1.0, 5.4.1: what both sides use until they say otherwise. */
export const DEFAULT_CHUNK_SIZE = 128;
/** RTMP 1.0, 5.4.1: sizes above this mean the same as this, no message being longer. */
export const MAX_CHUNK_SIZE = 0xffffff;
