import type { UserProfile } from '@lianmai/contract/rest';
import { useTranslation } from 'react-i18next';
import styles from './Seat.module.css';
import type { Seat } from './useSeat.ts';

/** In the talk, above where one writes: that one waits for an answer, or is asked for one. */
export function SeatBanner({ seat, anchor }: { seat: Seat; anchor: UserProfile }) {
  const { t } = useTranslation();
  const { own } = seat;
  if (own?.state !== 'asking') return null;
  const isInvited = own.askedBy === 'anchor';
  return (
    <div className={styles.banner} role="status">
      <p className={styles.words}>{t(isInvited ? 'air.invited' : 'air.asking', { name: anchor.nickname })}</p>
      {isInvited ? (
        <>
          <button type="button" className="button" onClick={() => void seat.answer(false)}>
            {t('air.reject')}
          </button>
          <button type="button" className="button primary" onClick={() => void seat.answer(true)}>
            {t('air.accept')}
          </button>
        </>
      ) : (
        <button type="button" className="button" onClick={() => void seat.withdraw()}>
          {t('air.withdraw')}
        </button>
      )}
    </div>
  );
}
