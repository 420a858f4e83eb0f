import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import chat from '../chat/Chat.module.css';

/** What is over by then needs no word: a mix begins in a moment. */
const LASTS_MS = 3_000;

/** In the anchor's talk: those on air see and hear each other, and viewers do not see them all. */
export function MixTrouble() {
  const { t } = useTranslation();
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLasts(true), LASTS_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    lasts && (
      <p className={chat.trouble} role="status">
        {t('air.notMixed')}
      </p>
    )
  );
}
