import type { Room } from '@lianmai/contract/rest';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../account/Avatar.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { LiveBadge } from '../front/LiveBadge.tsx';
import { wholeNumber } from '../i18n/format.ts';
import styles from './RoomHead.module.css';

/** Beside the picture on wide screens: what it is, whose it is, and how many watch. */
export function RoomHead({ room, onPeople }: { room: Room; onPeople(): void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <div className={styles.head}>
      <Avatar user={room.anchor} size={44} />
      <div className={styles.text}>
        <h1 className={styles.title}>{room.title}</h1>
        <p className={styles.anchor}>{room.anchor.nickname}</p>
        <p className={styles.facts}>
          <LiveBadge state={badgeOf(room)} />
          {room.state !== 'closed' && (
            <button type="button" className={styles.people} onClick={onPeople}>
              {t('room.viewersNow', { count: room.viewers, shown: wholeNumber(room.viewers, language) })}
            </button>
          )}
          <span>{t('room.likes', { count: room.likes, shown: wholeNumber(room.likes, language) })}</span>
        </p>
      </div>
    </div>
  );
}

/** A room's state in the words of channels. */
export const badgeOf = ({ state }: Pick<Room, 'state'>): 'live' | 'interrupted' | 'ended' | 'idle' =>
  state === 'closed' ? 'ended' : state === 'preparing' ? 'idle' : state;
