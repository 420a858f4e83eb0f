import { LiveError } from '@lianmai/contract';
import type { Channel, Role, ToBroker, ToMember } from './local-wire.ts';

type Member = Channel<ToBroker, ToMember>;

/** A request or one leg of a gather on its way. */
interface Call {
  id: number;
  subject: string;
  body: unknown;
  from: Member;
  requestId: number;
  /** Who is working on it; null while nobody serves the subject. */
  by: Member | null;
}

interface Gathering {
  waiting: Set<number>;
  answers: unknown[];
  finish(): void;
}

/**
 * The embedded bus's middle: routes between the processes of one machine and keeps the leases. Holds no rules of the
 * product, so that it lives as long as the supervisor does. A member that goes away loses its subjects and leases; what
 * it was asked is asked again of the next server.
 */
export class LocalBroker {
  readonly #members = new Set<Member>();
  readonly #subjects: Record<Role, Map<string, Set<Member>>> = {
    listen: new Map(),
    serve: new Map(),
    answer: new Map(),
  };
  readonly #leases = new Map<string, { owner: Member; value: unknown }>();
  readonly #watches = new Map<Member, Map<string, number>>();
  readonly #calls = new Map<number, Call>();
  readonly #gatherings = new Map<number, Gathering>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #nextCall = 1;

  attach(member: Member): void {
    this.#members.add(member);
    member.onMessage((message) => this.#receive(member, message));
    member.onClose(() => this.#detach(member));
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#members.clear();
    this.#calls.clear();
  }

  #receive(from: Member, message: ToBroker): void {
    if (!this.#members.has(from)) return;
    switch (message.type) {
      case 'join':
        return this.#join(from, message.role, message.subject);
      case 'quit':
        this.#subjects[message.role].get(message.subject)?.delete(from);
        return;
      case 'event':
        for (const member of this.#subjects.listen.get(message.subject) ?? [])
          member.send({ type: 'event', subject: message.subject, body: message.body });
        return;
      case 'request':
        return this.#request(from, message);
      case 'gather':
        return this.#gather(from, message);
      case 'reply':
        return this.#reply(message);
      case 'acquire':
        return this.#acquire(from, message);
      case 'release':
        if (this.#leases.get(message.key)?.owner === from) this.#endLease(message.key);
        return from.send({ type: 'done', id: message.id });
      case 'watch':
        return this.#watch(from, message);
      case 'unwatch': {
        const watches = this.#watches.get(from);
        const left = (watches?.get(message.prefix) ?? 0) - 1;
        if (left > 0) watches?.set(message.prefix, left);
        else watches?.delete(message.prefix);
        return from.send({ type: 'done', id: message.id });
      }
    }
  }

  #join(member: Member, role: Role, subject: string): void {
    const members = this.#subjects[role].get(subject) ?? new Set();
    this.#subjects[role].set(subject, members.add(member));
    if (role !== 'serve') return;
    for (const call of this.#calls.values()) if (call.by === null && call.subject === subject) this.#dispatch(call);
  }

  #request(from: Member, message: { id: number; subject: string; body: unknown; timeoutMs: number }): void {
    const { subject, body } = message;
    const call: Call = { id: this.#nextCall++, subject, body, from, requestId: message.id, by: null };
    this.#calls.set(call.id, call);
    this.#dispatch(call);
    this.#after(message.timeoutMs, () => {
      if (!this.#calls.delete(call.id)) return;
      const error = new LiveError('UNAVAILABLE', `nobody answered ${subject} in time: try again in a few seconds`);
      from.send({ type: 'done', id: message.id, error: error.toBody() });
    });
  }

  #dispatch(call: Call): void {
    const [server] = this.#subjects.serve.get(call.subject) ?? [];
    call.by = server ?? null;
    server?.send({ type: 'call', call: call.id, role: 'serve', subject: call.subject, body: call.body });
  }

  #gather(from: Member, message: { id: number; subject: string; body: unknown; timeoutMs: number }): void {
    const { subject, body } = message;
    const gathering: Gathering = {
      waiting: new Set(),
      answers: [],
      finish: () => {
        for (const id of gathering.waiting) {
          this.#gatherings.delete(id);
          this.#calls.delete(id);
        }
        from.send({ type: 'done', id: message.id, body: gathering.answers });
      },
    };
    for (const member of this.#subjects.answer.get(subject) ?? []) {
      const call: Call = { id: this.#nextCall++, subject, body, from, requestId: message.id, by: member };
      this.#calls.set(call.id, call);
      this.#gatherings.set(call.id, gathering);
      gathering.waiting.add(call.id);
      member.send({ type: 'call', call: call.id, role: 'answer', subject, body });
    }
    if (gathering.waiting.size === 0) gathering.finish();
    else this.#after(message.timeoutMs, () => gathering.waiting.size > 0 && gathering.finish());
  }

  #reply(message: { call: number; body?: unknown; error?: unknown }): void {
    const call = this.#calls.get(message.call);
    if (!call) return;
    this.#calls.delete(message.call);
    const gathering = this.#gatherings.get(message.call);
    if (!gathering) {
      const { call: _, ...outcome } = message;
      call.from.send({ ...outcome, type: 'done', id: call.requestId } as ToMember);
      return;
    }
    if (message.error === undefined) gathering.answers.push(message.body);
    this.#leaveGathering(message.call, gathering);
  }

  #leaveGathering(callId: number, gathering: Gathering): void {
    this.#gatherings.delete(callId);
    gathering.waiting.delete(callId);
    if (gathering.waiting.size === 0) gathering.finish();
  }

  #acquire(from: Member, message: { id: number; key: string; value: unknown }): void {
    const held = this.#leases.get(message.key);
    if (held) return from.send({ type: 'done', id: message.id, body: { holder: held.value } });
    this.#leases.set(message.key, { owner: from, value: message.value });
    // Before the owner hears of it, so that whoever the owner then talks to knows the lease already.
    this.#announce(message.key, message.value);
    from.send({ type: 'done', id: message.id, body: { holder: null } });
  }

  #endLease(key: string): void {
    this.#leases.delete(key);
    this.#announce(key, null);
  }

  #announce(key: string, value: unknown): void {
    for (const [member, prefixes] of this.#watches)
      for (const prefix of prefixes.keys())
        if (key.startsWith(prefix)) {
          member.send({ type: 'lease', key, value });
          break;
        }
  }

  #watch(from: Member, message: { id: number; prefix: string }): void {
    const watches = this.#watches.get(from) ?? new Map<string, number>();
    this.#watches.set(from, watches.set(message.prefix, (watches.get(message.prefix) ?? 0) + 1));
    const body = [...this.#leases]
      .filter(([key]) => key.startsWith(message.prefix))
      .map(([key, { value }]) => ({ key, value }));
    from.send({ type: 'done', id: message.id, body });
  }

  #detach(member: Member): void {
    if (!this.#members.delete(member)) return;
    for (const role of ['listen', 'serve', 'answer'] as const)
      for (const members of this.#subjects[role].values()) members.delete(member);
    this.#watches.delete(member);
    for (const [key, { owner }] of this.#leases) if (owner === member) this.#endLease(key);
    for (const call of this.#calls.values()) {
      const gathering = this.#gatherings.get(call.id);
      if (call.from === member) this.#calls.delete(call.id);
      else if (call.by === member && !gathering) this.#dispatch(call);
      else if (call.by === member && gathering) {
        this.#calls.delete(call.id);
        this.#leaveGathering(call.id, gathering);
      }
    }
  }

  #after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer.unref());
  }
}
