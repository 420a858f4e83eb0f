import type { LiveChannel } from '@lianmai/contract/rest';
import { useTranslation } from 'react-i18next';
import styles from './LiveBadge.module.css';

/** The state of a stream in one word: red when it is live, none when it is off. `small`: on phones a red dot says it, too. */
export function LiveBadge({ state, small = false }: { state: LiveChannel['state']; small?: boolean }) {
  const { t } = useTranslation();
  if (state === 'live')
    return <span className={small ? `${styles.live} ${styles.small}` : styles.live}>{t('app.live')}</span>;
  return state === 'interrupted' ? <span className={styles.interrupted}>{t('app.interrupted')}</span> : null;
}
