import { useTranslation } from 'react-i18next';
import { ago } from '../i18n/format.ts';
import { useLanguage } from './useLanguage.ts';
import { useNow } from './useNow.ts';

/** Says how long ago a time (RFC 3339) was, and keeps saying it as time goes on. */
export function useAgo(): (time: string) => string {
  const { t } = useTranslation();
  const language = useLanguage();
  const nowMs = useNow();
  return (time) => ago(Date.parse(time), nowMs, language) ?? t('app.justNow');
}
