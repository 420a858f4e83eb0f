import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { recall, remember } from '../app/remember.ts';
import styles from './Account.module.css';
import { logIn, register } from './api.ts';
import type { Problem } from './ask.ts';

/** Nickname and password: of an account there is, or of a new one. */
export function LogInForm({ onDone }: { onDone(): void }) {
  const { t } = useTranslation();
  const id = useId();
  const [isNew, setIsNew] = useState(() => recall('nickname') === null);
  const [nickname, setNickname] = useState(() => recall('nickname') ?? '');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const word = useProblemWord();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const answer = await (isNew ? register : logIn)(nickname.trim(), password);
    setBusy(false);
    if (!answer.ok) return setProblem(answer.problem);
    remember('nickname', answer.value.user.nickname);
    onDone();
  };
  const turn = () => {
    setIsNew(!isNew);
    setProblem(null);
  };
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <p className={styles.why}>{t('account.why')}</p>
      <label className={styles.label} htmlFor={`${id}-nickname`}>
        {t('account.nickname')}
      </label>
      <input
        id={`${id}-nickname`}
        className={styles.input}
        data-first
        value={nickname}
        onChange={(event) => setNickname(event.target.value)}
        autoComplete="username"
        maxLength={32}
        required
        pattern=".*\S.*"
      />
      <label className={styles.label} htmlFor={`${id}-password`}>
        {t('account.password')}
      </label>
      <input
        id={`${id}-password`}
        className={styles.input}
        type="password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        autoComplete={isNew ? 'new-password' : 'current-password'}
        aria-describedby={isNew ? `${id}-hint` : undefined}
        minLength={isNew ? 8 : 1}
        maxLength={128}
        required
      />
      {isNew && (
        <p id={`${id}-hint`} className={styles.hint}>
          {t('account.passwordHint')}
        </p>
      )}
      <p className={styles.problem} role="alert">
        {problem && word(problem)}
      </p>
      <button type="submit" className="button primary" disabled={busy}>
        {t(isNew ? 'account.register' : 'account.logIn')}
      </button>
      <button type="button" className={styles.turn} onClick={turn}>
        {t(isNew ? 'account.toLogIn' : 'account.toRegister')}
      </button>
    </form>
  );
}

/** What to tell people of a refusal. */
export function useProblemWord(): (problem: Problem) => string {
  const { t } = useTranslation();
  return (problem) => {
    if (problem.kind !== 'refused') return t(`account.${problem.kind}`);
    if (problem.name === 'LOG_IN_FAILED') return t('account.wrong');
    if (problem.name === 'CONFLICT') return t('account.taken');
    if (problem.name === 'RATE_LIMITED') return t('account.tooMany');
    return problem.message;
  };
}
