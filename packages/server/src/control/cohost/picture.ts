import type { MixTemplate } from '@lianmai/contract';
import type { MixInputWish } from '@lianmai/contract/rest';
import type { CohostSessionRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { Gathering } from '../conference/state.ts';
import type { ShowWish } from '../mix/shows.ts';
import type { RoomWithAnchor } from '../room/store.ts';
import { findUsers } from '../user/store.ts';
import type { Talks } from './talk.ts';

/** Size of a stream's picture; null: not known. */
export type PictureOf = (stream: string) => { width: number; height: number } | null;

const PORTRAIT = { width: 540, height: 960 };
const LANDSCAPE = { width: 1280, height: 720 };

/**
 * The mix that a room's viewers are to see; null: the anchor's own stream. The anchor comes first, then the co-anchors as they
 * came on air. With nobody beside it, an anchor that left its own stream is shown as it is in the conference.
 */
export async function showOf({
  db,
  room,
  layout,
  sessions,
  there,
  talks,
  pictureOf,
}: {
  db: Db;
  room: RoomWithAnchor;
  layout: MixTemplate;
  /** Of who is let in. */
  sessions: readonly CohostSessionRow[];
  there: Gathering | undefined;
  talks: Talks;
  pictureOf: PictureOf;
}): Promise<ShowWish | null> {
  if (room.mode === 'client-mix') return null;
  const anchorStream = talks.anchorStream(there, room);
  const onAir = sessions.filter(({ state }) => state === 'on-air').sort((a, b) => (a.onAirAt ?? 0) - (b.onAirAt ?? 0));
  if (onAir.length === 0 && (anchorStream === null || talks.isLive(room))) return null;
  const inputs: MixInputWish[] = [{ id: 'anchor', stream: anchorStream ?? room.stream }];
  const users = await findUsers(
    db,
    room.appId,
    onAir.map(({ userId }) => userId),
  );
  for (const { id, userId } of onAir) {
    const stream = there?.members.find((member) => member.userId === userId)?.stream;
    if (stream) inputs.push({ id, stream, label: users.get(userId)?.nickname ?? userId });
  }
  const picture = pictureOf(room.stream) ?? (anchorStream === null ? null : pictureOf(anchorStream));
  const canvas = picture && picture.height > picture.width ? PORTRAIT : LANDSCAPE;
  return {
    appId: room.appId,
    inputs,
    layout: inputs.length === 1 ? 'full' : layout,
    output: { channelId: room.channelId, ...canvas },
  };
}
