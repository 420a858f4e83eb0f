import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Header } from '../app/Header.tsx';
import { Notice } from '../app/Notice.tsx';
import { recall, remember } from '../app/remember.ts';
import { DevicePicker } from '../devices/DevicePicker.tsx';
import { CameraButton, MicrophoneButton } from '../devices/MediaButtons.tsx';
import { SelfPicture } from '../devices/SelfPicture.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { CopyField } from '../theme/CopyField.tsx';
import { AlertIcon } from '../theme/icons.tsx';
import styles from './Lobby.module.css';

const TLS_LINE = 'npm start -- --tls-cert fullchain.pem --tls-key privkey.pem';

/** Before a call: how one looks and is called there. */
export function Lobby({
  conference,
  used,
  onJoin,
}: {
  conference: string;
  used: UsedMedia | null;
  onJoin(nickname: string): void;
}) {
  const { t } = useTranslation();
  const access = used?.snapshot.access ?? 'asking';
  return (
    <div className={styles.page} data-scrolls>
      <Header />
      {access === 'insecure' ? (
        <main className={styles.notice}>
          <Notice icon={<AlertIcon size={32} />} title={t('call.insecureTitle')} text={t('call.insecureText')}>
            <div className={styles.line}>
              <CopyField label="npm" text={TLS_LINE} />
            </div>
            <p className={styles.small}>{t('call.insecureLocal')}</p>
          </Notice>
        </main>
      ) : (
        <main className={styles.main}>
          <Preview used={used} />
          <section className={styles.side}>
            <h1 className={styles.title}>{t('call.lobbyTitle')}</h1>
            <p className={styles.name}>{t('call.title', { name: conference })}</p>
            <JoinForm refused={access === 'refused'} asking={access === 'asking'} onJoin={onJoin}>
              {used && access !== 'refused' && <DevicePicker used={used} />}
            </JoinForm>
          </section>
        </main>
      )}
    </div>
  );
}

function Preview({ used }: { used: UsedMedia | null }) {
  const { t } = useTranslation();
  const { access = 'asking', preview = null, failed } = used?.snapshot ?? {};
  return (
    <section className={styles.preview} aria-label={t('call.previewPlain')}>
      {preview && <SelfPicture preview={preview} mirrored={!used?.snapshot.screen} />}
      {!preview && (
        <div className={styles.word} role="status">
          {access === 'asking' && <p className={styles.asking}>{t('call.asking')}</p>}
          {access === 'refused' && (
            <>
              <AlertIcon size={24} />
              <h2 className={styles.refused}>{t('call.refusedTitle')}</h2>
              <p className={styles.small}>{t('call.refusedText')}</p>
              <button type="button" className="button" onClick={() => void used?.media.start()}>
                {t('app.retry')}
              </button>
            </>
          )}
          {access === 'given' && <p>{t(failed?.camera ? 'call.cameraFailed' : 'call.cameraIsOff')}</p>}
        </div>
      )}
      {used && access === 'given' && (
        <div className={styles.buttons}>
          <MicrophoneButton used={used} />
          <CameraButton used={used} />
        </div>
      )}
    </section>
  );
}

function JoinForm({
  refused,
  asking,
  onJoin,
  children,
}: {
  refused: boolean;
  asking: boolean;
  onJoin(nickname: string): void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const id = useId();
  const [nickname, setNickname] = useState(() => recall('nickname') ?? '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = nickname.trim();
    remember('nickname', name);
    onJoin(name);
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <label className={styles.label} htmlFor={id}>
        {t('call.nickname')}
      </label>
      <input
        id={id}
        className={styles.input}
        value={nickname}
        onChange={(event) => setNickname(event.target.value)}
        placeholder={t('call.nicknameHint')}
        maxLength={64}
        autoComplete="nickname"
        enterKeyHint="go"
        required
        pattern=".*\S.*"
      />
      {children}
      <button type="submit" className="button primary" disabled={asking || nickname.trim() === ''}>
        {t(refused ? 'call.joinAnyway' : 'call.join')}
      </button>
    </form>
  );
}
