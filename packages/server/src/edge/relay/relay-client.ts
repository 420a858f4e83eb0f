import { connect } from 'node:net';
import { type EndReason, LiveError, type StreamHolder } from '@lianmai/contract';
import { type Frame, WireError } from '@lianmai/media';
import { relayAddress } from './relay-address.ts';
import { type RelayMessage, RelayReader, writeRelayMessage } from './wire.ts';

/** What comes over a relay, in this order: `opened`, frames, `caughtUp`, frames; at last one of `ended` and `closed`. */
export interface RelayEvents {
  opened(holder: StreamHolder): void;
  frame(frame: Frame): void;
  /** Configurations and GOP have come: a newcomer can be served. */
  caughtUp(): void;
  interrupted(): void;
  resumed(): void;
  /** The stream is over. */
  ended(reason: EndReason): void;
  /**
   * The relay is over, the stream perhaps not: its worker is gone, gave it up, or never had it.
   * @param refusal what the other end said when it would not give it.
   */
  closed(why: string, refusal?: LiveError): void;
}

export interface RelayLink {
  /** Ends it without another event. Idempotent. */
  close(): void;
}

const OPEN_TIMEOUT_MS = 3000;

/**
 * Gets a stream from the process that has it.
 * @param openTimeoutMs how long it may take to answer.
 */
export function relayFrom(
  internalAddress: string,
  stream: string,
  events: RelayEvents,
  openTimeoutMs = OPEN_TIMEOUT_MS,
): RelayLink {
  const socket = connect(relayAddress(internalAddress));
  const reader = new RelayReader();
  let over = false;

  const finish = () => {
    over = true;
    socket.destroy();
  };
  const closed = (why: string, refusal?: LiveError) => {
    if (over) return;
    finish();
    events.closed(why, refusal);
  };
  const take = (message: RelayMessage) => {
    switch (message.kind) {
      case 'hello':
        socket.setTimeout(0);
        events.opened(message.holder);
        if (message.state === 'interrupted') events.interrupted();
        return;
      case 'frame':
        return events.frame(message.frame);
      case 'caughtUp':
        return events.caughtUp();
      case 'interrupted':
        return events.interrupted();
      case 'resumed':
        return events.resumed();
      case 'ended':
        finish();
        return events.ended(message.reason);
      case 'refused':
        return closed(message.error.message, LiveError.fromBody(message));
      case 'open':
        return closed('the other worker asked where it should answer');
    }
  };

  socket.setTimeout(openTimeoutMs, () => closed('no answer in time'));
  socket.on('connect', () => {
    for (const part of writeRelayMessage({ kind: 'open', stream })) socket.write(part);
  });
  socket.on('data', (chunk) => {
    const messages = reader.push(chunk);
    if (messages instanceof WireError) return closed(messages.message);
    for (const message of messages) {
      if (over) return;
      take(message);
    }
  });
  socket.on('error', (error) => closed(error.message));
  socket.on('close', () => closed('the other worker closed it'));
  return { close: finish };
}
