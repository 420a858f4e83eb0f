import { useTranslation } from 'react-i18next';
import { useLanguage } from '../app/useLanguage.ts';
import { wholeNumber } from '../i18n/format.ts';
import { Sheet } from '../theme/Sheet.tsx';
import styles from './Tools.module.css';

/** Ending is for good: asked once more. */
export function EndSheet({
  viewers,
  open,
  onClose,
  onEnd,
}: {
  viewers: number;
  open: boolean;
  onClose(): void;
  onEnd(): void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <Sheet title={t('golive.endSure')} open={open} onClose={onClose}>
      <p className={styles.text}>
        {t('golive.endSureText', { count: viewers, shown: wholeNumber(viewers, language) })}
      </p>
      <div className={styles.choice}>
        <button type="button" className="button" data-first onClick={onClose}>
          {t('golive.endNo')}
        </button>
        <button type="button" className={`button ${styles.danger}`} onClick={onEnd}>
          {t('golive.endYes')}
        </button>
      </div>
    </Sheet>
  );
}
