import { LiveError } from '@lianmai/contract';
import type { CreateMix, UpdateMix } from '@lianmai/contract/rest';
import type { MixRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import { owningApp } from '../app/owning.ts';
import type { Principal } from '../auth/principal.ts';
import { lockProgram, programsOf, updateProgram } from '../program/store.ts';
import { Foreman, type ForemanOptions, type Progress } from './foreman.ts';
import { type WantedMix, wantedMixes } from './jobs.ts';
import { newMixId, newMixStream } from './names.ts';
import { checkSpec, readOutputs } from './outputs.ts';
import { changeSpec, readSpec } from './read-spec.ts';
import type { MixSpec } from './spec.ts';
import * as store from './store.ts';

/** A mix as it is asked for and as it goes. */
export interface MixState extends WantedMix, Progress {}

/** A change is answered by then, whether the mixer has answered or not. */
const ANSWER_WITHIN_MS = 1500;

/**
 * Where mixes are ordered, by REST or by other parts of control: checks what is asked for, keeps it in the database and has the
 * foreman see to it.
 */
export class MixDesk {
  readonly #options: ForemanOptions;
  readonly #foreman: Foreman;

  constructor(options: ForemanOptions) {
    this.#options = options;
    this.#foreman = new Foreman(options);
  }

  /** Learns what mixers make and puts right what is not as the database has it. */
  start(): Promise<void> {
    return this.#foreman.start();
  }

  /**
   * Orders a mix.
   * @param by the operator may take any stream, an app those of its account.
   * @param id of {@link newMixId}, for who has to know it before the mix is there.
   * @param kind `show`: the server makes it for a room: it is none of the account's mixes.
   * @throws LiveError BAD_REQUEST naming the field, MIXER_FULL, MIX_QUOTA_EXCEEDED, CHANNEL_NOT_FOUND, CONFLICT, FORBIDDEN, ACCOUNT_….
   */
  async create(
    by: Principal,
    request: CreateMix,
    id: string = newMixId(),
    kind: 'mix' | 'show' = 'mix',
  ): Promise<MixState> {
    const spec = readSpec(request);
    return this.#foreman
      .inTurn(async () => {
        const { db, now } = this.#options;
        const outputs = await readOutputs(db, by, request.output ?? {}, spec);
        const [first] = outputs.channels ?? [];
        const app = by.kind === 'operator' && request.appId === undefined && first ? first : null;
        const owner = app ? { id: app.appId, accountId: app.accountId } : await owningApp(db, request.appId, by);
        const row: MixRow = {
          id,
          kind,
          appId: owner.id,
          accountId: owner.accountId,
          stream: outputs.stream ?? newMixStream(),
          playAuth: request.output?.playAuth ?? null,
          anyInput: by.kind === 'operator' ? 1 : 0,
          spec: JSON.stringify(spec),
          version: 0,
          digest: '',
          mixer: null,
          createdAt: now(),
        };
        await checkSpec(db, by, row.accountId, spec, row.stream);
        row.mixer = this.#foreman.place(row.id, spec, null);
        const affected = await db.transaction().execute(async (tx) => {
          await store.insertMix(tx, row);
          return showOn(tx, row.id, outputs.channels?.map(({ id }) => id) ?? []);
        });
        await this.#foreman.tend([row.id]);
        void this.handOver(row.id, affected);
        return row.id;
      })
      .then((id) => this.#settled(id));
  }

  /**
   * Changes a mix while it runs; what the request leaves out stays.
   * @throws LiveError those of {@link create}, and MIX_NOT_FOUND.
   */
  async change(by: Principal, id: string, request: UpdateMix): Promise<MixState> {
    await this.#foreman.inTurn(async () => {
      const { db } = this.#options;
      const { output = {} } = request;
      const row = await store.findMix(db, { id });
      if (!row) throw store.mixMissing(id);
      const spec = changeSpec(JSON.parse(row.spec) as MixSpec, request);
      const renamed = output.stream !== undefined && output.stream !== row.stream;
      const { stream: _, ...rest } = output;
      const outputs = await readOutputs(db, by, renamed ? output : rest, spec);
      if (outputs.stream !== null)
        throw new LiveError(
          'BAD_REQUEST',
          `output/stream: the mix has the stream "${row.stream}" for good: make another mix, or name a channel`,
          'output/stream',
        );
      await checkSpec(
        db,
        row.anyInput === 1 && by.kind === 'operator' ? by : ownerOf(row),
        row.accountId,
        spec,
        row.stream,
      );
      const place = this.#foreman.place(id, spec, row.mixer);
      const moved = row.mixer !== null && place !== null && place !== row.mixer ? row.mixer : null;
      const affected = await db.transaction().execute(async (tx) => {
        await store.updateMix(tx, id, {
          spec: JSON.stringify(spec),
          mixer: place ?? row.mixer,
          ...(output.playAuth === undefined ? {} : { playAuth: output.playAuth }),
        });
        return outputs.channels === null
          ? []
          : showOn(
              tx,
              id,
              outputs.channels.map((channel) => channel.id),
            );
      });
      if (moved !== null) await this.#foreman.stop(moved, id);
      await this.#foreman.tend([id]);
      void this.handOver(id, affected);
    });
    return this.#settled(id);
  }

  /** Ends a mix; its channels go back to their own streams. Answers whether there was one. */
  remove(id: string): Promise<boolean> {
    return this.#foreman.inTurn(async () => {
      const { db } = this.#options;
      const removed = await db.transaction().execute(async (tx) => {
        const channels = await programsOf(tx, [id]);
        for (const { channelId } of channels)
          await updateProgram(tx, channelId, { source: 'direct', mixId: null, picture: null });
        return store.deleteMix(tx, id);
      });
      await this.#foreman.tend([id]);
      return removed;
    });
  }

  async get(id: string): Promise<MixState | null> {
    const row = await store.findMix(this.#options.db, { id });
    return row ? ((await this.look([row]))[0] ?? null) : null;
  }

  /** How these mixes go. */
  async look(rows: readonly store.MixWithOwner[]): Promise<MixState[]> {
    const wanted = await wantedMixes(this.#options.db, rows);
    return wanted.map((mix) => ({ ...mix, ...this.#foreman.progress(mix) }));
  }

  /** A JPEG of the canvas, now. @throws LiveError UNAVAILABLE and what the mixer says. */
  preview(id: string): Promise<Buffer> {
    return this.#foreman.preview(id);
  }

  /** Something changed that mixes depend on: looks at these again, or at all. Resolves when mixers are being told. */
  review(ids: readonly string[] | null = null): Promise<void> {
    return this.#foreman.review(ids);
  }

  close(): Promise<void> {
    return this.#foreman.close();
  }

  /**
   * What happens to channels that change from one mix to another: the one that loses them is told when the other has
   * pictures, so that viewers go from the one to the other.
   */
  async handOver(winner: string, losers: readonly string[]): Promise<void> {
    if (losers.length === 0) return;
    await this.#foreman.whenWarm(winner);
    await this.review(losers);
  }

  /** How it goes once the mixer has answered, or a little later. */
  async #settled(id: string): Promise<MixState> {
    await this.#foreman.whenAnswered(id, ANSWER_WITHIN_MS);
    const state = await this.get(id);
    if (!state) throw store.mixMissing(id);
    return state;
  }
}

/** For checks of a change: by whom a mix of this row could have been made. */
const ownerOf = ({ appId, accountId }: MixRow): Principal => ({ kind: 'app', appId, accountId, keyId: '' });

/**
 * Makes the mix the program of exactly these channels.
 * @returns other mixes that lost a channel by it.
 */
async function showOn(tx: Db, mixId: string, channelIds: readonly string[]): Promise<string[]> {
  const lost = new Set<string>();
  for (const { channelId } of await programsOf(tx, [mixId]))
    if (!channelIds.includes(channelId))
      await updateProgram(tx, channelId, { source: 'direct', mixId: null, picture: null });
  for (const channelId of channelIds) {
    const before = await lockProgram(tx, channelId);
    if (before.mixId !== null && before.mixId !== mixId) lost.add(before.mixId);
    await updateProgram(tx, channelId, { source: 'mix', mixId, picture: null });
  }
  return [...lost];
}
