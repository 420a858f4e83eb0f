import type { ChildProcess } from 'node:child_process';
import type { Channel, ToBroker, ToMember } from './local-wire.ts';

/** The broker's end of a forked child's IPC (`serialization: 'advanced'`). */
export function childChannel(child: ChildProcess): Channel<ToBroker, ToMember> {
  return {
    send: (message) => void (child.connected && child.send({ bus: message }, () => {})),
    onMessage: (listener) => child.on('message', (m: { bus?: ToBroker }) => m.bus && listener(m.bus)),
    onClose: (listener) => child.once('disconnect', listener),
  };
}

/** A child's end of its IPC with the process that forked it. */
export function parentChannel(): Channel<ToMember, ToBroker> {
  return {
    send: (message) => void (process.connected && process.send?.({ bus: message }, () => {})),
    onMessage: (listener) => process.on('message', (m: { bus?: ToMember }) => m.bus && listener(m.bus)),
    onClose: (listener) => process.once('disconnect', listener),
  };
}

/** Two ends within one process; `close` is the member going away. Messages are cloned and arrive in later microtasks. */
export function pairedChannels(): {
  member: Channel<ToMember, ToBroker>;
  broker: Channel<ToBroker, ToMember>;
  close(): void;
} {
  let open = true;
  const closers: (() => void)[] = [];
  const end = <In, Out>(own: ((m: In) => void)[], other: ((m: Out) => void)[]): Channel<In, Out> => ({
    send(message) {
      if (!open) return;
      const copy = structuredClone(message);
      queueMicrotask(() => {
        if (open) for (const listener of other) listener(copy);
      });
    },
    onMessage: (listener) => void own.push(listener),
    onClose: (listener) => void closers.push(listener),
  });
  const toMember: ((m: ToMember) => void)[] = [];
  const toBroker: ((m: ToBroker) => void)[] = [];
  return {
    member: end(toMember, toBroker),
    broker: end(toBroker, toMember),
    close() {
      open = false;
      for (const closer of closers) closer();
    },
  };
}
