import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { AlertIcon } from '../theme/icons.tsx';
import { Header } from './Header.tsx';
import styles from './NotFoundPage.module.css';
import { Notice } from './Notice.tsx';
import { useTitle } from './useTitle.ts';

export function NotFoundPage() {
  const { t } = useTranslation();
  useTitle(t('app.notFoundTitle'));
  return (
    <div className={styles.page}>
      <Header />
      <main className={styles.main}>
        <Notice icon={<AlertIcon size={32} />} title={t('app.notFoundTitle')} text={t('app.notFoundText')}>
          <Link href="/" className="button primary">
            {t('app.toFront')}
          </Link>
        </Notice>
      </main>
    </div>
  );
}
