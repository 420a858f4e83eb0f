import type { Room } from '@lianmai/contract/rest';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Avatar } from '../account/Avatar.tsx';
import { pictureSrc } from '../account/picture.ts';
import { useLanguage } from '../app/useLanguage.ts';
import { shortNumber, wholeNumber } from '../i18n/format.ts';
import { HeartIcon } from '../theme/icons.tsx';
import styles from './ChannelCard.module.css';
import { Cover } from './Cover.tsx';
import { LiveBadge } from './LiveBadge.tsx';
import { thumbnailSrc } from './thumbnail.ts';
import { ViewerCount } from './ViewerCount.tsx';

/** One room that is on air. `wide` is for a room that has the page to itself. */
export function RoomCard({ room, wide = false }: { room: Room; wide?: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <Link href={`/room/${room.id}`} className={wide ? `${styles.card} ${styles.wide}` : styles.card}>
      <div className={styles.cover}>
        <RoomCover room={room} />
        <div className={styles.top}>
          <LiveBadge state={room.state === 'live' ? 'live' : 'interrupted'} />
        </div>
        <div className={styles.bottom}>
          <ViewerCount count={room.viewers} />
          <span
            className={styles.likes}
            title={t('front.likes', { count: room.likes, shown: wholeNumber(room.likes, language) })}
          >
            <HeartIcon size={14} />
            {shortNumber(room.likes, language)}
            <span className="unseen">{t('chat.like')}</span>
          </span>
        </div>
      </div>
      <div className={styles.text}>
        <h2 className={styles.name}>{room.title}</h2>
        <p className={styles.anchor}>
          <Avatar user={room.anchor} size={20} />
          <span className={styles.since}>{room.anchor.nickname}</span>
        </p>
        {wide && <span className={`button primary ${styles.watch}`}>{t('front.watch')}</span>}
      </div>
    </Link>
  );
}

/**
 * What the anchor chose, what is on air, or a drawing of the title. `plain`: as a backdrop, without a letter and without asking
 * for what is on air.
 */
export function RoomCover({ room, plain = false }: { room: Room; plain?: boolean }) {
  const [broken, setBroken] = useState<string | null>(null);
  const src = room.cover ? pictureSrc(room.cover) : plain ? null : thumbnailSrc(room.thumbnail, Date.now());
  const drawing = <Cover stream={room.anchor.userId} name={room.title} plain={plain} />;
  if (src === null || broken === src) return drawing;
  return (
    <span className={styles.layers}>
      {drawing}
      <img
        className={styles.picture}
        src={src}
        alt=""
        width={640}
        height={480}
        loading="lazy"
        decoding="async"
        referrerPolicy="no-referrer"
        onError={() => setBroken(src)}
      />
    </span>
  );
}
