import { LiveError, type PictureId } from '@lianmai/contract';
import type { ChannelProgram } from '@lianmai/contract/rest';
import type { Logger } from 'pino';
import type { ChannelProgramRow, MixRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { Principal } from '../auth/principal.ts';
import type { ChannelWithKeys } from '../channel/store.ts';
import type { LiveBoard } from '../live/board.ts';
import type { LiveChange } from '../live/state.ts';
import type { MixDesk } from '../mix/desk.ts';
import { newMixStream, standInId } from '../mix/names.ts';
import { deleteMix, findMix, insertMix, mixMissing, updateMix } from '../mix/store.ts';
import { knownPictures, sizeOfPicture } from '../picture/store.ts';
import { pictureSpec } from './picture-spec.ts';
import { lockProgram, picturePrograms, unusedStandIns, updateProgram } from './store.ts';

export interface ChannelProgramsOptions {
  db: Db;
  desk: MixDesk;
  live: LiveBoard;
  now: () => number;
  log: Logger;
}

/** So long a fallback picture is shown at most. */
const FALLBACK_FOR_MS = 3_600_000;

/**
 * What viewers of channels are to get: the channel's own stream, a mix, or a picture; and the picture that stands in while a
 * publisher is gone. Pictures are small mixes of their own, made and removed here.
 */
export class ChannelPrograms {
  readonly #options: ChannelProgramsOptions;
  /** Channels whose publisher's coming and going matters: those with a fallback picture. */
  #watched = new Set<string>();
  #unsubscribe: (() => void) | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #handingOver: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: ChannelProgramsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#options.live.onChange((change) => this.#heard(change));
    await this.review();
  }

  /**
   * Decides what the channel's viewers get from now on.
   * @throws LiveError BAD_REQUEST, MIX_NOT_FOUND, also when the mix is not the caller's.
   */
  async set(
    by: Principal,
    channel: Pick<ChannelWithKeys, 'id'>,
    { source, mixId = null, picture = null }: Partial<ChannelProgram> & Pick<ChannelProgram, 'source'>,
  ): Promise<void> {
    const { db, desk } = this.#options;
    if (source === 'mix') {
      if (mixId === null) throw new LiveError('BAD_REQUEST', 'mixId is required: which mix', 'mixId');
      const mix = await findMix(db, { id: mixId });
      const own = by.kind === 'operator' || (by.kind === 'app' && mix?.accountId === by.accountId);
      if (!mix || mix.kind === 'picture' || !own) throw mixMissing(mixId);
    }
    if (source === 'picture') await this.#checkPicture(picture, 'picture');
    const before = await this.#update(channel.id, {
      source,
      mixId: source === 'mix' ? mixId : null,
      picture: source === 'picture' ? picture : null,
    });
    await this.#settle([channel.id]);
    if (mixId !== null) await desk.review([mixId]);
    const after = source === 'mix' ? mixId : source === 'picture' ? standInId(channel.id) : null;
    const loses = before.mixId !== null && before.mixId !== after ? [before.mixId] : [];
    const handingOver = after === null ? desk.review(loses) : desk.handOver(after, loses);
    const over = handingOver.then(() => this.#dropUnused()).catch((error: unknown) => this.#failed(error));
    this.#handingOver = Promise.all([this.#handingOver, over]);
  }

  /** Which picture stands in while the publisher is gone. @param picture null: none. @throws LiveError BAD_REQUEST */
  async setFallback(channelId: string, picture: PictureId | null): Promise<void> {
    if (picture !== null) await this.#checkPicture(picture, 'fallbackPicture');
    await this.#update(channelId, { fallbackPicture: picture });
    await this.review();
  }

  /** Looks at all pictures again: begins those that are due, ends those whose time is over. */
  async review(): Promise<void> {
    const { db } = this.#options;
    try {
      const rows = await picturePrograms(db);
      this.#watched = new Set(rows.flatMap((row) => (row.fallbackPicture === null ? [] : [row.channelId])));
      for (const row of rows) await this.#compare(row);
      await this.#settle(rows.map(({ channelId }) => channelId));
      await this.#dropUnused();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Resolves when what was heard before is done. Comes after the end of the desk, which lets waits end. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe?.();
    await Promise.all([this.#queue, this.#handingOver]);
  }

  /** What happened to the publisher while nobody heard of it. */
  async #compare({ channelId, stream, awaySince }: ChannelProgramRow & { stream: string }): Promise<void> {
    const { db, live } = this.#options;
    const entry = live.get(stream);
    if (entry?.channelId !== channelId || (awaySince !== null) === (entry.interruptedAtMs !== null)) return;
    await updateProgram(db, channelId, { awaySince: entry.interruptedAtMs });
  }

  #heard(change: LiveChange): void {
    const { channelId } = change.entry;
    if (!this.#watched.has(channelId)) return;
    const goodbye = change.type === 'ended' && change.reason !== 'vanished' && change.reason !== 'timed-out';
    const away = change.type === 'interrupted' || (change.type === 'ended' && !goodbye);
    const job = async () => {
      const { db, now } = this.#options;
      const nowMs = now();
      await db.transaction().execute(async (tx) => {
        const { awaySince } = await lockProgram(tx, channelId);
        await updateProgram(tx, channelId, { awaySince: away ? (awaySince ?? nowMs) : null });
      });
      await this.#settle([channelId]);
    };
    this.#queue = this.#queue.then(job).catch((error: unknown) => this.#failed(error, channelId));
  }

  /** Ends pictures that no channel shows any more. */
  async #dropUnused(): Promise<void> {
    const { db, desk } = this.#options;
    const unused = await unusedStandIns(db);
    for (const id of unused) await deleteMix(db, id);
    if (unused.length > 0) await desk.review(unused);
  }

  #failed(error: unknown, channelId?: string): void {
    if (this.#closed) return;
    const what = channelId === undefined ? 'pictures of channels are' : 'the picture of a channel is';
    this.#options.log.warn({ err: error, channelId }, `${what} not as wanted: it is tried again`);
  }

  /** Makes or ends these channels' pictures. */
  async #settle(channelIds: readonly string[]): Promise<void> {
    const { db, desk } = this.#options;
    const changed: string[] = [];
    for (const channelId of channelIds)
      changed.push(...(await db.transaction().execute((tx) => this.#settleOne(tx, channelId))));
    if (changed.length > 0) await desk.review([...new Set(changed)]);
  }

  /** @returns mixes that were begun, changed or ended. */
  async #settleOne(tx: Db, channelId: string): Promise<string[]> {
    const channel = await tx
      .selectFrom('channel')
      .select(['id', 'appId', 'accountId'])
      .where('id', '=', channelId)
      .executeTakeFirst();
    if (!channel) return [];
    const row = await lockProgram(tx, channelId);
    const standIn = standInId(channelId);
    const picture = dueFallback(row, this.#options.now()) ?? (row.source === 'picture' ? row.picture : null);
    if (picture === null) {
      if (row.mixId !== standIn) return [];
      await updateProgram(tx, channelId, { mixId: null });
      await deleteMix(tx, standIn);
      return [standIn];
    }
    const spec = JSON.stringify(pictureSpec(picture, await sizeOfPicture(tx, picture)));
    const there = await findMix(tx, { id: standIn });
    if (there && row.mixId === standIn && there.spec === spec) return [];
    if (there) await updateMix(tx, standIn, { spec });
    else await insertMix(tx, this.#rowOf(standIn, channel, spec));
    await updateProgram(tx, channelId, { mixId: standIn });
    return [standIn];
  }

  #rowOf(id: string, { appId, accountId }: { appId: string; accountId: string }, spec: string): MixRow {
    return {
      id,
      kind: 'picture',
      appId,
      accountId,
      stream: newMixStream(),
      playAuth: null,
      anyInput: 0,
      spec,
      version: 0,
      digest: '',
      mixer: null,
      createdAt: this.#options.now(),
    };
  }

  #update(channelId: string, change: Partial<ChannelProgramRow>): Promise<ChannelProgramRow> {
    return this.#options.db.transaction().execute(async (tx) => {
      const before = await lockProgram(tx, channelId);
      await updateProgram(tx, channelId, change);
      return before;
    });
  }

  async #checkPicture(id: PictureId | null, field: string): Promise<void> {
    if (id === null) throw new LiveError('BAD_REQUEST', `${field} is required: which picture`, field);
    if (!(await knownPictures(this.#options.db, [id])).has(id))
      throw new LiveError('BAD_REQUEST', `${field}: there is no picture "${id}"`, field);
  }
}

/** The picture that stands in now for a publisher that is gone; null: none. */
const dueFallback = ({ source, fallbackPicture, awaySince }: ChannelProgramRow, nowMs: number): PictureId | null =>
  source === 'direct' && awaySince !== null && nowMs - awaySince < FALLBACK_FOR_MS ? fallbackPicture : null;
