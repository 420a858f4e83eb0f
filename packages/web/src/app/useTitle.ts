import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

/** Names the page in the browser's tab. @param page null for the front page, which has the product's name alone. */
export function useTitle(page: string | null): void {
  const { t } = useTranslation();
  const name = t('app.name');
  useEffect(() => {
    document.title = page === null ? name : `${page} – ${name}`;
  }, [page, name]);
}
