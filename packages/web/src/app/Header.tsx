import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { AccountButton } from '../account/AccountButton.tsx';
import { randomConference } from '../call/conference-id.ts';
import { changeLanguage } from '../i18n/i18n.ts';
import { LANGUAGE_NAMES } from '../i18n/language.ts';
import { BroadcastIcon, CameraIcon, LanguageIcon, Mark } from '../theme/icons.tsx';
import styles from './Header.module.css';
import { useLanguage } from './useLanguage.ts';

/**
 * The bar on top of every page that is not all video. `wide`: from edge to edge, not as wide as a page's text. `start`: with
 * the ways to go live and to start a call. `stays`: without any way to another page.
 */
export function Header({
  wide = false,
  start = false,
  stays = false,
}: {
  wide?: boolean;
  start?: boolean;
  stays?: boolean;
}) {
  const { t } = useTranslation();
  const sign = (
    <>
      <Mark />
      <span className={styles.name}>{t('app.name')}</span>
    </>
  );
  return (
    <header className={wide ? `${styles.header} ${styles.wide}` : styles.header}>
      {stays ? (
        <span className={styles.home}>{sign}</span>
      ) : (
        <Link href="/" className={styles.home} aria-label={t('app.home')}>
          {sign}
        </Link>
      )}
      <nav className={styles.links}>
        {start && <StartCall />}
        {!stays && (
          <a className={`${styles.link} ${styles.spare}`} href="/docs">
            {t('app.docs')}
          </a>
        )}
        <LanguageSwitch />
        {start && (
          <Link href="/golive" className={`button primary ${styles.goLive}`}>
            <BroadcastIcon size={20} />
            {t('golive.short')}
          </Link>
        )}
        {!stays && <AccountButton />}
      </nav>
    </header>
  );
}

/** Each visit of the link is another call. */
function StartCall() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  return (
    <button
      type="button"
      className={styles.link}
      aria-label={t('call.start')}
      onClick={() => navigate(`/call/${randomConference()}`)}
    >
      <CameraIcon size={20} />
      <span className={styles.callText}>{t('call.start')}</span>
    </button>
  );
}

/** With two languages the switch is a button that names the other one. */
function LanguageSwitch() {
  const { t } = useTranslation();
  const other = useLanguage() === 'zh' ? 'en' : 'zh';
  return (
    <button
      type="button"
      className={styles.link}
      lang={other === 'zh' ? 'zh-Hans' : 'en'}
      aria-label={t('app.switchLanguage', { language: LANGUAGE_NAMES[other], lng: other })}
      onClick={() => changeLanguage(other)}
    >
      <LanguageIcon size={20} />
      <span className={styles.languageText}>{LANGUAGE_NAMES[other]}</span>
    </button>
  );
}
