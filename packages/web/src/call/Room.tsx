import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../app/useLanguage.ts';
import { useWakeLock } from '../app/useWakeLock.ts';
import type { CallSnapshot } from '../conference/call-session.ts';
import { DevicePicker } from '../devices/DevicePicker.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { wholeNumber } from '../i18n/format.ts';
import { Mark, ShareIcon, SoundIcon, TuneIcon } from '../theme/icons.tsx';
import { Sheet } from '../theme/Sheet.tsx';
import { useShare } from '../watch/useShare.ts';
import { CallBar } from './CallBar.tsx';
import { PeopleSheet } from './PeopleSheet.tsx';
import styles from './Room.module.css';
import { Stage } from './Stage.tsx';
import { useCall } from './useCall.ts';
import { useCallKeys } from './useCallKeys.ts';

const JOINING: CallSnapshot = {
  phase: 'joining',
  end: null,
  trouble: null,
  self: { nickname: '', owner: false, state: 'connecting', bars: null, speaking: false },
  others: [],
};

/** In the call. The video is the page; everything else floats on it. */
export function Room({
  conference,
  nickname,
  used,
  onOver,
}: {
  conference: string;
  nickname: string;
  used: UsedMedia;
  onOver(end: NonNullable<CallSnapshot['end']>): void;
}) {
  const call = useCall(conference, nickname, used.media);
  const snapshot = call?.snapshot ?? { ...JOINING, self: { ...JOINING.self, nickname } };
  const [sheet, setSheet] = useState<'people' | 'devices' | null>(null);
  const { t } = useTranslation();
  const { end } = snapshot;
  useEffect(() => {
    if (end) onOver(end);
  }, [end, onOver]);
  useCallKeys(used);
  useWakeLock();
  const close = () => setSheet(null);
  return (
    <main className={styles.page}>
      <Stage snapshot={snapshot} used={used} />
      <Top conference={conference} people={snapshot.others.length + 1} onDevices={() => setSheet('devices')} />
      <Trouble snapshot={snapshot} />
      <CallBar used={used} onPeople={() => setSheet('people')} onLeave={() => call?.session.leave()} />
      {call && <PeopleSheet call={call} used={used} open={sheet === 'people'} onClose={close} />}
      <Sheet title={t('call.devices')} open={sheet === 'devices'} onClose={close}>
        <DevicePicker used={used} />
      </Sheet>
      <SoundBlocked people={snapshot.others.length} />
    </main>
  );
}

function Top({ conference, people, onDevices }: { conference: string; people: number; onDevices(): void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const share = useShare(t('call.title', { name: conference }));
  return (
    <header className={styles.top}>
      <div className={styles.chip}>
        <Mark size={24} />
        <h1 className={styles.name}>{conference}</h1>
        <span className={styles.count}>
          {t('call.members', { count: people, shown: wholeNumber(people, language) })}
        </span>
      </div>
      <div className={styles.topRight}>
        <button
          type="button"
          className={`icon-button ${styles.glass}`}
          aria-label={t('call.devices')}
          title={t('call.devices')}
          onClick={onDevices}
        >
          <TuneIcon size={20} />
        </button>
        <button
          type="button"
          className={`icon-button ${styles.glass}`}
          aria-label={t('call.invite')}
          title={t('call.invite')}
          onClick={share}
        >
          <ShareIcon size={20} />
        </button>
      </div>
    </header>
  );
}

/** What is wrong with all of the call; what is wrong with one member is told in its tile. */
function Trouble({ snapshot: { phase, trouble, self } }: { snapshot: CallSnapshot }) {
  const { t } = useTranslation();
  const text =
    trouble !== null
      ? t(`call.${trouble}`)
      : phase === 'joining'
        ? t('call.joining')
        : self.state === 'reconnecting'
          ? t('call.reconnecting')
          : self.state === 'connecting'
            ? t('call.connecting')
            : null;
  return (
    <div className={styles.trouble} role="status">
      {text && <p className={styles.pill}>{text}</p>}
    </div>
  );
}

/** Browsers that let no sound begin by itself want a touch for it. */
function SoundBlocked({ people }: { people: number }) {
  const { t } = useTranslation();
  const [blocked, setBlocked] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at again whenever somebody comes
  useEffect(() => {
    const look = () => setBlocked(videosOf(button.current).some((video) => video.paused && video.readyState >= 2));
    const timer = setInterval(look, 2_000);
    return () => clearInterval(timer);
  }, [people]);
  return (
    <button
      ref={button}
      type="button"
      className={styles.unmute}
      hidden={!blocked}
      onClick={() => {
        for (const video of videosOf(button.current)) video.play().catch(() => undefined);
        setBlocked(false);
      }}
    >
      <SoundIcon size={20} />
      {t('call.tapForSound')}
    </button>
  );
}

const videosOf = (element: HTMLElement | null) => [...(element?.parentElement?.querySelectorAll('video') ?? [])];
