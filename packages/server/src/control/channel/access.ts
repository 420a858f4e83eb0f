import type { Db } from '../../store/store.ts';
import { mayUseApp, type Principal } from '../auth/principal.ts';
import { channelMissing } from '../publish/rules.ts';
import { type ChannelWithKeys, findChannel } from './store.ts';

/** A channel by its id, as far as the caller may know of it. @throws LiveError CHANNEL_NOT_FOUND */
export async function channelOf(db: Db, id: string, principal: Principal | null): Promise<ChannelWithKeys> {
  const channel = await findChannel(db, { id });
  if (!channel || !principal || !mayUseApp(principal, channel.appId)) throw channelMissing(id);
  return channel;
}
