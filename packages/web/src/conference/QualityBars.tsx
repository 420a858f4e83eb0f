import { useTranslation } from 'react-i18next';
import type { Bars } from '../rtc/quality.ts';
import styles from './QualityBars.module.css';

/** A connection in three bars. @param bars null: not known yet; takes the same room. */
export function QualityBars({ bars }: { bars: Bars | null }) {
  const { t } = useTranslation();
  return (
    <span className={styles.bars} data-bars={bars ?? 'unknown'}>
      <svg width="14" height="12" viewBox="0 0 14 12" aria-hidden="true" focusable="false">
        <rect x="0" y="8" width="3.5" height="4" rx="1" />
        <rect x="5.2" y="4" width="3.5" height="8" rx="1" />
        <rect x="10.4" y="0" width="3.5" height="12" rx="1" />
      </svg>
      {bars !== null && <span className="unseen">{t(`call.quality${bars}`)}</span>}
    </span>
  );
}
