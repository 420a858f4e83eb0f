import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './Account.module.css';
import { Avatar } from './Avatar.tsx';
import { ProfileSheet } from './ProfileSheet.tsx';
import { useLogIn } from './useLogIn.ts';
import { useSession } from './useSession.ts';

/** Who one is, and the way to change it; or the way to be somebody. */
export function AccountButton() {
  const { t } = useTranslation();
  const session = useSession();
  const askLogIn = useLogIn();
  const [open, setOpen] = useState(false);
  if (!session)
    return (
      <button type="button" className={styles.enter} onClick={() => void askLogIn()}>
        {t('account.logIn')}
      </button>
    );
  return (
    <>
      <button
        type="button"
        className={`icon-button ${styles.me}`}
        aria-label={t('account.profileOf', { name: session.user.nickname })}
        onClick={() => setOpen(true)}
      >
        <Avatar user={session.user} size={32} />
      </button>
      <ProfileSheet user={session.user} open={open} onClose={() => setOpen(false)} />
    </>
  );
}
