import { useTranslation } from 'react-i18next';
import styles from '../cohost/Seat.module.css';
import type { Pk } from './usePk.ts';

/** In the anchor's talk: that a battle is offered, waited for, or on. */
export function PkBanner({ pk, isOn }: { pk: Pk; isOn: boolean }) {
  const { t } = useTranslation();
  const { session, isOwn, rival: name } = pk;
  if (!session) return null;
  if (isOn)
    return (
      <div className={styles.banner}>
        <p className={styles.words}>{t(session.state === 'joining' ? 'pk.joining' : `pk.${pkWord(session.state)}`)}</p>
        <button type="button" className="button" onClick={() => void pk.quit()}>
          {t('pk.quit')}
        </button>
      </div>
    );
  if (session.state !== 'asking') return null;
  return (
    <div className={styles.banner} role="status">
      <p className={styles.words}>{t(isOwn ? 'pk.waiting' : 'pk.invited', { name })}</p>
      {isOwn ? (
        <button type="button" className="button" onClick={() => void pk.cancel()}>
          {t('pk.withdraw')}
        </button>
      ) : (
        <>
          <button type="button" className="button" onClick={() => void pk.respond(false)}>
            {t('pk.reject')}
          </button>
          <button type="button" className="button primary" onClick={() => void pk.respond(true)}>
            {t('pk.accept')}
          </button>
        </>
      )}
    </div>
  );
}

const pkWord = (state: string) => (state === 'punishment' ? 'punishment' : 'battle');
