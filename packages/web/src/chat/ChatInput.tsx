import type { ImFailure } from '@lianmai/sdk/im';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLogIn } from '../account/useLogIn.ts';
import { useSession } from '../account/useSession.ts';
import { useSay } from '../app/Toast.tsx';
import { DanmakuIcon, SendIcon } from '../theme/icons.tsx';
import styles from './Chat.module.css';

/** Of the server's rules. */
const LONGEST = 500;

/** Where one writes. @param onSend gives null when it was taken, else why it was not. */
export function ChatInput({
  blocked = null,
  onSend,
}: {
  /** Why one may not write; null: one may. */
  blocked?: string | null;
  onSend(text: string, kind: 'text' | 'danmaku'): Promise<ImFailure | null>;
}) {
  const { t } = useTranslation();
  const disabled = blocked !== null;
  const say = useSay();
  const session = useSession();
  const askLogIn = useLogIn();
  const failureWord = useFailureWord();
  const [text, setText] = useState('');
  const [flies, setFlies] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const [wantsToWrite, setWantsToWrite] = useState(false);
  useEffect(() => {
    if (!wantsToWrite) return;
    setWantsToWrite(false);
    field.current?.focus();
  }, [wantsToWrite]);

  if (!session)
    return (
      <button type="button" className={`button ${styles.logIn}`} onClick={() => void askLogIn().then(setWantsToWrite)}>
        {t('chat.logIn')}
      </button>
    );
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted === '') return;
    setText('');
    const failure = await onSend(wanted, flies ? 'danmaku' : 'text');
    if (!failure) return;
    say(failureWord(failure));
    setText((now) => (now === '' ? wanted : now));
  };
  return (
    <form className={styles.write} onSubmit={(event) => void submit(event)}>
      <button
        type="button"
        className={`icon-button ${styles.flies}`}
        aria-pressed={flies}
        aria-label={t('chat.asDanmaku')}
        title={t('chat.asDanmaku')}
        onClick={() => setFlies(!flies)}
      >
        <DanmakuIcon size={22} />
      </button>
      <input
        ref={field}
        className={styles.field}
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder={blocked ?? t('chat.placeholder')}
        aria-label={t('chat.placeholder')}
        maxLength={LONGEST}
        enterKeyHint="send"
        autoComplete="off"
        disabled={disabled}
      />
      <button
        type="submit"
        className={`icon-button ${styles.send}`}
        aria-label={t('chat.send')}
        disabled={disabled || text.trim() === ''}
      >
        <SendIcon size={22} />
      </button>
    </form>
  );
}

/** Why something was not sent, in words. */
export function useFailureWord(): (failure: ImFailure) => string {
  const { t } = useTranslation();
  return ({ name }) => {
    switch (name) {
      case 'MUTED':
        return t('chat.muted');
      case 'SLOW_MODE':
        return t('chat.slowMode');
      case 'RATE_LIMITED':
        return t('chat.tooFast');
      case 'ROOM_BUSY':
        return t('chat.roomBusy');
      case 'BANNED':
      case 'NOT_IN_ROOM':
        return t('chat.kicked');
      case 'OFFLINE':
        return t('chat.offline');
      default:
        return t('chat.failed');
    }
  };
}
