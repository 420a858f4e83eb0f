import type { Room } from '@lianmai/contract/rest';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Avatar } from '../account/Avatar.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { duration } from '../i18n/format.ts';
import { NextUp } from '../watch/NextUp.tsx';
import styles from './RoomOver.module.css';

/** Over what was the picture: that it is over, and what to watch next. */
export function RoomOver({ room }: { room: Room }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { anchor, summary } = room;
  return (
    <div className={styles.over}>
      <div className={styles.box}>
        <Avatar user={anchor} size={72} />
        <h2 className={styles.title}>{t('room.overTitle')}</h2>
        <p className={styles.text} role="status">
          {summary
            ? t('room.overBy', { name: anchor.nickname, time: duration(summary.durationSeconds, language) })
            : anchor.nickname}
        </p>
        <NextUp except={room.channel.stream} />
        <Link href="/" className="button primary">
          {t('app.toFront')}
        </Link>
      </div>
    </div>
  );
}
