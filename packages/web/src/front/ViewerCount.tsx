import { useTranslation } from 'react-i18next';
import { useLanguage } from '../app/useLanguage.ts';
import { shortNumber, wholeNumber } from '../i18n/format.ts';
import { EyeIcon } from '../theme/icons.tsx';
import styles from './ViewerCount.module.css';

/** How many watch: short for the eye, in full for screen readers and on hover. */
export function ViewerCount({ count }: { count: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const full = t('front.viewers', { count, shown: wholeNumber(count, language) });
  return (
    <span className={styles.count} title={full}>
      <EyeIcon size={16} />
      <span aria-hidden="true">{shortNumber(count, language)}</span>
      <span className="unseen">{full}</span>
    </span>
  );
}
