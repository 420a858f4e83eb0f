import type { Room } from '@lianmai/contract/rest';
import { type ChangeEvent, type FormEvent, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProblemWord } from '../account/LogInForm.tsx';
import { pictureSrc, uploadAs } from '../account/picture.ts';
import { Header } from '../app/Header.tsx';
import { useSay } from '../app/Toast.tsx';
import { DevicePicker } from '../devices/DevicePicker.tsx';
import { CameraButton, MicrophoneButton } from '../devices/MediaButtons.tsx';
import { SelfPicture } from '../devices/SelfPicture.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { changeRoom, openRoom } from '../room/api.ts';
import { CopyField } from '../theme/CopyField.tsx';
import { AlertIcon, BroadcastIcon, PictureIcon } from '../theme/icons.tsx';
import type { Source } from './GoLivePage.tsx';
import styles from './SetUp.module.css';

/** What the room is to be. */
export interface Wish {
  title: string;
  cover: { id: string; url: string } | null;
}

const COVER = { width: 960, height: 720 };
const TLS_LINE = 'npm start -- --tls-cert fullchain.pem --tls-key privkey.pem';

/** Before a broadcast: how one looks, what it is called, and where the picture comes from. */
export function SetUp({
  used,
  source,
  onSource,
  wish,
  onWish,
  open,
  onOpened,
}: {
  used: UsedMedia | null;
  source: Source;
  onSource(source: Source): void;
  wish: Wish;
  onWish(wish: Wish): void;
  /** A room that was opened elsewhere, or before; null: there is none. */
  open: Room | null;
  onOpened(room: Room): void;
}) {
  const { t } = useTranslation();
  const id = useId();
  const say = useSay();
  const word = useProblemWord();
  const [busy, setBusy] = useState(false);
  const access = used?.snapshot.access ?? 'asking';
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const fields = { title: wish.title.trim(), ...(wish.cover && { cover: wish.cover.id }) };
    const answer = open && open.state !== 'preparing' ? await changeRoom(open.id, fields) : await openRoom(fields);
    setBusy(false);
    if (answer.ok) return onOpened(answer.value);
    const isFull = answer.problem.kind === 'refused' && answer.problem.name === 'ROOM_QUOTA_EXCEEDED';
    say(isFull ? t('golive.quota') : word(answer.problem));
  };
  return (
    <div className={styles.page} data-scrolls>
      <Header />
      <main className={styles.main}>
        <section className={styles.preview} aria-label={t('call.previewPlain')}>
          {source === 'camera' ? <Preview used={used} /> : <EncoderWord />}
        </section>
        <form className={styles.form} onSubmit={(event) => void submit(event)}>
          <h1 className={styles.title}>{t(open ? 'golive.resume' : 'golive.setUp')}</h1>
          {open && <p className={styles.hint}>{t('golive.resumeText', { title: open.title })}</p>}
          <div className={styles.about}>
            <CoverPicker wish={wish} onWish={onWish} />
            <div className={styles.titleField}>
              <label className={styles.label} htmlFor={id}>
                {t('golive.roomTitle')}
              </label>
              <textarea
                id={id}
                className={styles.input}
                value={wish.title}
                onChange={(event) => onWish({ ...wish, title: event.target.value.replaceAll('\n', ' ') })}
                placeholder={t('golive.titleHint')}
                rows={2}
                maxLength={100}
                required
              />
            </div>
          </div>
          <fieldset className={styles.sources}>
            <legend className={styles.label}>{t('golive.source')}</legend>
            {(['camera', 'encoder'] as const).map((one) => (
              <label key={one} className={styles.source}>
                <input
                  type="radio"
                  name="source"
                  className="unseen"
                  checked={source === one}
                  onChange={() => onSource(one)}
                />
                {t(`golive.${one}`)}
              </label>
            ))}
          </fieldset>
          {source === 'camera' && used && access === 'given' && <DevicePicker used={used} />}
          <button
            type="submit"
            className="button primary"
            disabled={busy || wish.title.trim() === '' || (source === 'camera' && access !== 'given')}
          >
            <BroadcastIcon size={20} />
            {t(busy ? 'golive.starting' : open ? 'golive.resumeGo' : 'golive.start')}
          </button>
        </form>
      </main>
    </div>
  );
}

function Preview({ used }: { used: UsedMedia | null }) {
  const { t } = useTranslation();
  const { access = 'asking', preview = null, failed } = used?.snapshot ?? {};
  return (
    <>
      {preview && <SelfPicture preview={preview} mirrored={!used?.snapshot.screen} />}
      {!preview && (
        <div className={styles.word} role="status">
          {access === 'asking' && <p>{t('call.asking')}</p>}
          {access === 'given' && <p>{t(failed?.camera ? 'call.cameraFailed' : 'call.cameraIsOff')}</p>}
          {(access === 'refused' || access === 'insecure') && (
            <>
              <AlertIcon size={24} />
              <h2 className={styles.wordTitle}>
                {t(access === 'refused' ? 'call.refusedTitle' : 'call.insecureTitle')}
              </h2>
              <p>{t(access === 'refused' ? 'call.refusedText' : 'call.insecureText')}</p>
              {access === 'refused' ? (
                <button type="button" className="button" onClick={() => void used?.media.start()}>
                  {t('app.retry')}
                </button>
              ) : (
                <CopyField label="npm" text={TLS_LINE} />
              )}
            </>
          )}
        </div>
      )}
      {used && access === 'given' && (
        <div className={styles.buttons}>
          <MicrophoneButton used={used} />
          <CameraButton used={used} />
        </div>
      )}
    </>
  );
}

function EncoderWord() {
  const { t } = useTranslation();
  return (
    <div className={styles.word}>
      <BroadcastIcon size={32} />
      <h2 className={styles.wordTitle}>{t('golive.encoderTitle')}</h2>
      <p>{t('golive.encoderText')}</p>
    </div>
  );
}

function CoverPicker({ wish, onWish }: { wish: Wish; onWish(wish: Wish): void }) {
  const { t } = useTranslation();
  const say = useSay();
  const word = useProblemWord();
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => () => URL.revokeObjectURL(shown ?? ''), [shown]);
  const chosen = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    event.target.value = '';
    if (!file) return;
    setBusy(true);
    const answer = await uploadAs(file, COVER);
    setBusy(false);
    if (answer === null) return say(t('account.noPicture'));
    if (!answer.ok) return say(word(answer.problem));
    setShown(URL.createObjectURL(file));
    onWish({ ...wish, cover: answer.value });
  };
  return (
    <label className={styles.cover} data-busy={busy}>
      {wish.cover && <img className={styles.coverPicture} src={shown ?? pictureSrc(wish.cover.url)} alt="" />}
      <span className={styles.coverWord}>
        {!wish.cover && <PictureIcon size={22} />}
        {t(wish.cover ? 'golive.changeCover' : 'golive.addCover')}
      </span>
      <input type="file" className="unseen" accept="image/*" disabled={busy} onChange={(event) => void chosen(event)} />
    </label>
  );
}
