import type { Room } from '@lianmai/contract/rest';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Cover } from '../front/Cover.tsx';
import { RoomCover } from '../front/RoomCard.tsx';
import { ViewerCount } from '../front/ViewerCount.tsx';
import { type Answer, fetchLiveList } from '../live/api.ts';
import { usePoll } from '../live/usePoll.ts';
import { fetchRooms } from '../room/api.ts';
import styles from './NextUp.module.css';

const everyMs = () => 10_000;
const SHOWN = 3;

/** Something else that is on. */
interface Other {
  stream: string;
  /** Of somebody; null: a channel alone. */
  room: Room | null;
  name: string;
  viewers: number;
  href: string;
}

/** Other rooms and live channels, few and small; nothing when there are none. `below` comes after them, not before they are known. */
export function NextUp({ except, below }: { except: string; below?: ReactNode }) {
  const { t } = useTranslation();
  const { snapshot } = usePoll(fetchOthers, everyMs);
  const others = (snapshot.value ?? []).filter((live) => live.stream !== except).slice(0, SHOWN);
  if (snapshot.value === undefined && !snapshot.failure) return null;
  if (others.length === 0) return below;
  return (
    <>
      <section className={styles.next} aria-label={t('state.next')}>
        <h3 className={styles.title}>{t('state.next')}</h3>
        <ul className={styles.list}>
          {others.map((live) => (
            <li key={live.stream}>
              <Link href={live.href} className={styles.item}>
                <span className={styles.cover}>
                  {live.room ? <RoomCover room={live.room} /> : <Cover stream={live.stream} name={live.name} />}
                </span>
                <span className={styles.text}>
                  <span className={styles.name}>{live.name}</span>
                  <span className={styles.viewers}>
                    <ViewerCount count={live.viewers} />
                  </span>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </section>
      {below}
    </>
  );
}

/** Rooms first: what is known of their channels beside is the same picture once more. */
async function fetchOthers(signal: AbortSignal): Promise<Answer<Other[]>> {
  const [rooms, channels] = await Promise.all([fetchRooms('', signal), fetchLiveList(signal)]);
  if (!channels.ok) return channels;
  const others: Other[] = (rooms.ok ? rooms.value : []).map((room) => ({
    stream: room.channel.stream,
    room,
    name: room.title,
    viewers: room.viewers,
    href: `/room/${room.id}`,
  }));
  for (const { stream, name, viewers } of channels.value)
    if (!others.some((other) => other.stream === stream))
      others.push({
        stream,
        room: null,
        name: name || stream,
        viewers,
        href: `/watch/${encodeURIComponent(stream)}`,
      });
  return { ok: true, value: others };
}
