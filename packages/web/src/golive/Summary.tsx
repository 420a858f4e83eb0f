import type { Room } from '@lianmai/contract/rest';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Avatar } from '../account/Avatar.tsx';
import { Header } from '../app/Header.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { duration, wholeNumber } from '../i18n/format.ts';
import styles from './Summary.module.css';

/** How it went. */
export function Summary({ room, onAgain }: { room: Room; onAgain(): void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { durationSeconds = 0, totalViewers = 0, peakViewers = 0, likes = room.likes } = room.summary ?? {};
  const facts: [string, string][] = [
    [t('golive.time'), duration(durationSeconds, language)],
    [t('golive.people'), wholeNumber(totalViewers, language)],
    [t('golive.peak'), wholeNumber(peakViewers, language)],
    [t('golive.likes'), wholeNumber(likes, language)],
  ];
  return (
    <div className={styles.page} data-scrolls>
      <Header />
      <main className={styles.main}>
        <Avatar user={room.anchor} size={88} />
        <h1 className={styles.title}>{t('golive.summary')}</h1>
        <p className={styles.text}>
          {t(room.closeReason === 'operator' ? 'golive.closedByOperator' : 'golive.summaryText')}
        </p>
        <dl className={styles.facts}>
          {facts.map(([name, value]) => (
            <div key={name} className={styles.fact}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <div className={styles.next}>
          <button type="button" className="button" onClick={onAgain}>
            {t('golive.again')}
          </button>
          <Link href="/" className="button primary">
            {t('app.toFront')}
          </Link>
        </div>
      </main>
    </div>
  );
}
