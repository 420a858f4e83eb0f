import type { OwnProfile } from '@lianmai/contract/rest';
import { type ChangeEvent, type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSay } from '../app/Toast.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { changeLanguage } from '../i18n/i18n.ts';
import { LANGUAGE_NAMES, LANGUAGES } from '../i18n/language.ts';
import { Sheet } from '../theme/Sheet.tsx';
import styles from './Account.module.css';
import { Avatar } from './Avatar.tsx';
import { changeProfile, logOut } from './api.ts';
import { useProblemWord } from './LogInForm.tsx';
import { uploadAs } from './picture.ts';

const AVATAR = { width: 256, height: 256 };

/** How one is called and looks, the language, and the way out. */
export function ProfileSheet({ user, open, onClose }: { user: OwnProfile; open: boolean; onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Sheet title={t('account.profile')} open={open} onClose={onClose}>
      <div className={styles.form}>
        <Picture user={user} />
        <NicknameForm key={user.nickname} user={user} />
        <LanguageChoice />
        <button
          type="button"
          className="button"
          onClick={() => {
            onClose();
            logOut();
          }}
        >
          {t('account.logOut')}
        </button>
      </div>
    </Sheet>
  );
}

function Picture({ user }: { user: OwnProfile }) {
  const { t } = useTranslation();
  const say = useSay();
  const word = useProblemWord();
  const [busy, setBusy] = useState(false);
  const chosen = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    event.target.value = '';
    if (!file) return;
    setBusy(true);
    const uploaded = await uploadAs(file, AVATAR);
    const answer = uploaded?.ok ? await changeProfile({ avatar: uploaded.value.id }) : uploaded;
    setBusy(false);
    if (answer === null) say(t('account.noPicture'));
    else say(answer.ok ? t('account.saved') : word(answer.problem));
  };
  return (
    <label className={styles.picture} data-busy={busy}>
      <Avatar user={user} size={88} />
      <span className={styles.change}>{t('account.changePicture')}</span>
      <input type="file" className="unseen" accept="image/*" disabled={busy} onChange={(event) => void chosen(event)} />
    </label>
  );
}

function NicknameForm({ user }: { user: OwnProfile }) {
  const { t } = useTranslation();
  const id = useId();
  const say = useSay();
  const word = useProblemWord();
  const [nickname, setNickname] = useState(user.nickname);
  const wanted = nickname.trim();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await changeProfile({ nickname: wanted });
    say(answer.ok ? t('account.saved') : word(answer.problem));
  };
  return (
    <form className={styles.field} onSubmit={(event) => void submit(event)}>
      <label className={styles.label} htmlFor={id}>
        {t('account.nickname')}
      </label>
      <div className={styles.row}>
        <input
          id={id}
          className={styles.input}
          value={nickname}
          onChange={(event) => setNickname(event.target.value)}
          maxLength={32}
          autoComplete="nickname"
        />
        <button type="submit" className="button" disabled={wanted === '' || wanted === user.nickname}>
          {t('account.save')}
        </button>
      </div>
    </form>
  );
}

function LanguageChoice() {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <fieldset className={styles.languages}>
      <legend className={styles.label}>{t('account.language')}</legend>
      {LANGUAGES.map((one) => (
        <button
          key={one}
          type="button"
          className="button"
          lang={one === 'zh' ? 'zh-Hans' : 'en'}
          aria-pressed={one === language}
          onClick={() => changeLanguage(one)}
        >
          {LANGUAGE_NAMES[one]}
        </button>
      ))}
    </fieldset>
  );
}
