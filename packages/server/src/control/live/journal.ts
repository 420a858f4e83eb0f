import type { Logger } from 'pino';
import type { SessionRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { StreamMeasure } from './figures.ts';
import type { LiveChange, LiveEntry } from './state.ts';
import { upsertSessions } from './store.ts';

/**
 * Keeps the sessions' rows. Changes are collected and written together; what the database does not take is kept and
 * written with the next ones, so that an outage of the database loses no history.
 */
export class SessionJournal {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #open = new Map<string, SessionRow>();
  readonly #dirty = new Map<string, SessionRow>();
  #writing: Promise<void> = Promise.resolve();
  #scheduled: Promise<void> | null = null;

  constructor(db: Db, log: Logger, now: () => number) {
    this.#db = db;
    this.#log = log;
    this.#now = now;
  }

  /** Sessions that were on when control last stopped. */
  restore(rows: readonly SessionRow[]): void {
    for (const row of rows) this.#open.set(row.id, row);
  }

  note(change: LiveChange): void {
    const row = this.#open.get(change.entry.sessionId) ?? newRow(change.entry);
    switch (change.type) {
      case 'began':
      case 'resumed':
        this.#keep({ ...row, lastSeenAt: this.#now() });
        break;
      case 'interrupted':
        return;
      case 'ended': {
        // A session that ended while control was down is not longer for that.
        const endedAt = Math.max(row.startedAt, Math.min(change.atMs, this.#now()));
        this.#keep({ ...row, endedAt, endReason: change.reason });
        this.#open.delete(row.id);
      }
    }
    void this.flush();
  }

  /** A session is still on, with these figures. Written at the next {@link flush}. */
  seen({ sessionId }: LiveEntry, { viewers, video, audio }: StreamMeasure): void {
    const row = this.#open.get(sessionId);
    if (!row) return;
    this.#keep({
      ...row,
      lastSeenAt: this.#now(),
      peakViewers: Math.max(row.peakViewers, viewers),
      videoCodec: video?.codec ?? row.videoCodec,
      width: video?.width ?? row.width,
      height: video?.height ?? row.height,
      audioCodec: audio?.codec ?? row.audioCodec,
    });
  }

  /** Resolves when everything noted before has been written, or could not be. */
  flush(): Promise<void> {
    this.#scheduled ??= this.#writing.then(() => {
      this.#scheduled = null;
      return (this.#writing = this.#write());
    });
    return this.#scheduled;
  }

  #keep(row: SessionRow): void {
    if (row.endedAt === null) this.#open.set(row.id, row);
    this.#dirty.set(row.id, row);
  }

  async #write(): Promise<void> {
    const rows = [...this.#dirty.values()];
    if (rows.length === 0) return;
    this.#dirty.clear();
    try {
      await this.#db.transaction().execute((tx) => upsertSessions(tx, rows));
    } catch (error) {
      for (const row of rows) if (!this.#dirty.has(row.id)) this.#dirty.set(row.id, row);
      this.#log.warn({ err: error, sessions: rows.length }, 'sessions could not be written yet');
    }
  }
}

function newRow(entry: LiveEntry): SessionRow {
  return {
    id: entry.sessionId,
    channelId: entry.channelId,
    accountId: entry.accountId,
    stream: entry.stream,
    worker: entry.worker,
    protocol: entry.protocol,
    startedAt: entry.startedAtMs,
    lastSeenAt: entry.startedAtMs,
    endedAt: null,
    endReason: null,
    peakViewers: 0,
    videoCodec: null,
    width: null,
    height: null,
    audioCodec: null,
  };
}
