import type { RtpPacket } from './packet.ts';

/** A frame put together again from its packets. */
export interface AssembledFrame {
  /** 32 bits, the payload's clock. */
  timestamp: number;
  type: 'key' | 'inter';
  /** As the frame model wants it. */
  data: Buffer;
  /** A decoder configuration that holds from this frame on; null when it is the one before. */
  config: Buffer | null;
}

/** Makes frames of one video source's packets, given in order. */
export interface FrameAssembler {
  /** Since a loss (or the start) nothing can be decoded: the sender should be asked for a key frame. */
  readonly needsKeyFrame: boolean;
  /** @param afterLoss packets before this one are missing. @returns a frame that is complete now. */
  push(packet: Pick<RtpPacket, 'timestamp' | 'marker' | 'payload'>, afterLoss: boolean): AssembledFrame | null;
}

/** No picture is larger; a sender that never ends a frame is not listened to further. */
export const MAX_FRAME_BYTES = 8 << 20;
/** What each part of a picture counts for beside its bytes: millions of parts of one byte take little to send and much to keep. */
export const PART_BYTES = 128;
