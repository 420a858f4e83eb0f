import { useTranslation } from 'react-i18next';
import chat from '../chat/Chat.module.css';

/** In the anchor's talk: those on air see and hear each other, and viewers do not see them all. */
export function MixTrouble() {
  const { t } = useTranslation();
  return (
    <p className={chat.trouble} role="status">
      {t('air.notMixed')}
    </p>
  );
}
