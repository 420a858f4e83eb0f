import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CameraIcon, CameraOffIcon, MicrophoneIcon, MicrophoneOffIcon, ScreenIcon } from '../theme/icons.tsx';
import styles from './MediaButtons.module.css';
import type { UsedMedia } from './useLocalMedia.ts';

/** A round button with its word below. `off`: what it stands for is off. */
export function RoundButton({
  icon,
  word,
  label,
  off = false,
  kind = 'plain',
  pressed,
  onClick,
}: {
  icon: ReactNode;
  word?: string;
  label: string;
  off?: boolean;
  kind?: 'plain' | 'leave';
  pressed?: boolean;
  onClick(): void;
}) {
  return (
    <button
      type="button"
      className={styles.button}
      data-off={off}
      data-kind={kind}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      onClick={onClick}
    >
      <span className={styles.icon}>{icon}</span>
      {word && (
        <span className={styles.word} aria-hidden="true">
          {word}
        </span>
      )}
    </button>
  );
}

export function MicrophoneButton({ used: { media, snapshot }, words = false }: { used: UsedMedia; words?: boolean }) {
  const { t } = useTranslation();
  const on = snapshot.microphone;
  return (
    <RoundButton
      icon={on ? <MicrophoneIcon /> : <MicrophoneOffIcon />}
      {...(words && { word: t('call.microphone') })}
      label={t(on ? 'call.microphoneOff' : 'call.microphoneOn')}
      off={!on}
      onClick={() => void media.setMicrophone(!on)}
    />
  );
}

export function CameraButton({ used: { media, snapshot }, words = false }: { used: UsedMedia; words?: boolean }) {
  const { t } = useTranslation();
  const on = snapshot.camera;
  return (
    <RoundButton
      icon={on ? <CameraIcon /> : <CameraOffIcon />}
      {...(words && { word: t('call.camera') })}
      label={t(on ? 'call.cameraOff' : 'call.cameraOn')}
      off={!on}
      onClick={() => void media.setCamera(!on)}
    />
  );
}

/** Null where browsers can't: phones. */
export function ScreenButton({ used: { media, snapshot }, words = true }: { used: UsedMedia; words?: boolean }) {
  const { t } = useTranslation();
  if (typeof navigator.mediaDevices?.getDisplayMedia !== 'function') return null;
  const on = snapshot.screen;
  return (
    <RoundButton
      icon={<ScreenIcon />}
      {...(words && { word: t('call.screen') })}
      label={t(on ? 'call.screenOff' : 'call.screenOn')}
      off={on}
      onClick={() => (on ? media.stopScreen() : void media.shareScreen())}
    />
  );
}
