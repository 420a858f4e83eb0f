import type { LiveChannel } from '@lianmai/contract/rest';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useAgo } from '../app/useAgo.ts';
import { definition } from '../i18n/format.ts';
import styles from './ChannelCard.module.css';
import { Cover } from './Cover.tsx';
import { LiveBadge } from './LiveBadge.tsx';
import { ViewerCount } from './ViewerCount.tsx';

/** One live channel. `wide` is for a channel that has the page to itself. */
export function ChannelCard({ live, wide = false }: { live: LiveChannel; wide?: boolean }) {
  const { t } = useTranslation();
  const ago = useAgo();
  const name = live.name || live.stream;
  return (
    <Link
      href={`/watch/${encodeURIComponent(live.stream)}`}
      className={wide ? `${styles.card} ${styles.wide}` : styles.card}
    >
      <div className={styles.cover}>
        <Cover stream={live.stream} name={name} />
        <div className={styles.top}>
          <LiveBadge state={live.state} />
        </div>
        <div className={styles.bottom}>
          <ViewerCount count={live.viewers} />
          <span className={styles.definition}>
            {live.video ? definition(live.video) : live.audio && t('app.soundOnly')}
          </span>
        </div>
      </div>
      <div className={styles.text}>
        <h2 className={styles.name}>{name}</h2>
        <p className={styles.since}>
          {live.since && <time dateTime={live.since}>{t('front.started', { ago: ago(live.since) })}</time>}
        </p>
        {wide && <span className={`button primary ${styles.watch}`}>{t('front.watch')}</span>}
      </div>
    </Link>
  );
}

/** The same boxes with nothing in them yet. */
export function ChannelCardSkeleton() {
  return (
    <div className={`${styles.card} ${styles.skeleton}`} aria-hidden="true">
      <div className={styles.cover} />
      <div className={styles.text}>
        <h2 className={styles.name}>
          <span className={styles.bar} />
        </h2>
        <p className={styles.since}>
          <span className={`${styles.bar} ${styles.short}`} />
        </p>
      </div>
    </div>
  );
}
