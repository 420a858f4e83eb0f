import { useTranslation } from 'react-i18next';
import { Portrait } from '../front/Cover.tsx';
import styles from './SoundView.module.css';

/** A stream without pictures: who is heard, and that something is. */
export function SoundView({ stream, name, moving }: { stream: string; name: string; moving: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={styles.view} data-moving={moving}>
      <div className={styles.source}>
        <span className={styles.wave} />
        <span className={styles.wave} />
        <span className={styles.wave} />
        <Portrait stream={stream} name={name} size={144} />
      </div>
      <p className={styles.name}>{name}</p>
      <p className={styles.kind}>{t('app.soundOnly')}</p>
    </div>
  );
}
