import { useTranslation } from 'react-i18next';
import styles from './Chat.module.css';

/** The chat's connection is not there: what is written waits for it. */
export function ChatTrouble() {
  const { t } = useTranslation();
  return (
    <p className={styles.trouble} role="status">
      {t(navigator.onLine ? 'chat.connecting' : 'chat.offline')}
    </p>
  );
}
