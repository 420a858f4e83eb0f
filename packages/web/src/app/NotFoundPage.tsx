import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { AlertIcon } from '../theme/icons.tsx';
import { NoticePage } from './NoticePage.tsx';
import { useTitle } from './useTitle.ts';

export function NotFoundPage() {
  const { t } = useTranslation();
  useTitle(t('app.notFoundTitle'));
  return (
    <NoticePage icon={<AlertIcon size={32} />} title={t('app.notFoundTitle')} text={t('app.notFoundText')}>
      <Link href="/" className="button primary">
        {t('app.toFront')}
      </Link>
    </NoticePage>
  );
}
