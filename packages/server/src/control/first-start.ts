import type { Db } from '../store/store.ts';
import type { Addresses } from './addresses.ts';
import { newApp } from './app/rules.ts';
import { FIRST_SDK_APP_ID } from './app/store.ts';
import type { OperatorKey } from './auth/operator-key.ts';
import { newId } from './auth/secrets.ts';
import { type ChannelWithKeys, findChannel } from './channel/store.ts';
import { playUrls, pushUrls, URLS_LAST_MS } from './channel/urls.ts';

/** The account and the app that are there without anybody making them. */
export const DEFAULT_ID = 'default';
const DEFAULT_QUOTA = 10_000;
const READY_CHANNEL = { name: 'Hello', stream: 'hello' } as const;

/** What a newcomer pastes; printed at every start. */
export interface FirstSteps {
  /** Only at the start that made it. */
  apiKey: { key: string; file: string } | null;
  /** The ready channel; null when it was deleted. */
  channel: {
    name: string;
    stream: string;
    pushUrl: string;
    obs: { server: string; streamKey: string };
    watchUrl: string;
  } | null;
  web: string;
  api: string;
  docs: string;
}

/** Makes the default account and app, and with them, once, a ready channel. Several controls may do so at once. */
export async function ensureDefaults(db: Db, nowMs: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const made = await tx
      .insertInto('account')
      .values({
        id: DEFAULT_ID,
        name: DEFAULT_ID,
        status: 'active',
        channelQuota: DEFAULT_QUOTA,
        trafficPackageBytes: null,
        trafficUsedBytes: 0,
        createdAt: nowMs,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .execute();
    await tx
      .insertInto('app')
      .values({ ...newApp(DEFAULT_ID, DEFAULT_ID, DEFAULT_ID, nowMs), sdkAppId: FIRST_SDK_APP_ID })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if (made.length > 0) await ensureChannel(tx, READY_CHANNEL, nowMs);
  });
}

/** The channel of that stream in the default app, made when there is none. Beyond quotas: it is the server's own. */
export async function ensureChannel(
  db: Db,
  { stream, name }: { stream: string; name: string },
  nowMs: number,
): Promise<ChannelWithKeys | undefined> {
  await db
    .insertInto('channel')
    .values({
      id: newId('ch'),
      appId: DEFAULT_ID,
      accountId: DEFAULT_ID,
      name,
      stream,
      pushAuth: 'signed',
      playAuth: 'open',
      listed: 1,
      createdAt: nowMs,
    })
    .onConflict((conflict) => conflict.column('stream').doNothing())
    .execute();
  return findChannel(db, { stream });
}

export async function findFirstSteps(
  db: Db,
  addresses: Addresses,
  operatorKey: OperatorKey,
  nowMs: number,
): Promise<FirstSteps> {
  const { key, generated, file } = operatorKey;
  const ready = await findChannel(db, { stream: READY_CHANNEL.stream });
  return {
    apiKey: generated && file !== null ? { key, file } : null,
    channel: ready ? stepsOf(ready, addresses, nowMs) : null,
    web: `${addresses.http}/`,
    api: `${addresses.http}/v1`,
    docs: `${addresses.http}/docs`,
  };
}

function stepsOf(ready: ChannelWithKeys, addresses: Addresses, nowMs: number): FirstSteps['channel'] {
  const { name, stream, pushAuth, playAuth, pushKey, playKey } = ready;
  const expiresAtMs = nowMs + URLS_LAST_MS;
  const push = pushUrls(addresses, stream, pushAuth === 'signed' ? pushKey : null, expiresAtMs);
  const { watch } = playUrls(addresses, stream, playAuth === 'signed' ? playKey : null, expiresAtMs);
  const { rtmp: pushUrl, server, streamKey } = push;
  return { name, stream, pushUrl, obs: { server, streamKey }, watchUrl: watch };
}
