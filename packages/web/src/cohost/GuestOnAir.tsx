import type { CohostSession } from '@lianmai/contract/im';
import type { UserProfile } from '@lianmai/contract/rest';
import { useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { useWakeLock } from '../app/useWakeLock.ts';
import { useWarnBeforeUnload } from '../app/useWarnBeforeUnload.ts';
import { FloatingPreview } from '../conference/FloatingPreview.tsx';
import { CameraButton, MicrophoneButton, RoundButton, ScreenButton } from '../devices/MediaButtons.tsx';
import { SelfPicture } from '../devices/SelfPicture.tsx';
import { type UsedMedia, useLocalMedia } from '../devices/useLocalMedia.ts';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { LeaveIcon } from '../theme/icons.tsx';
import { AirTiles } from './AirTiles.tsx';
import styles from './Seat.module.css';
import { useTalk } from './useTalk.ts';

interface GuestProps {
  room: UsedRoom;
  own: CohostSession;
  anchor: UserProfile;
  /** In the talk, above where one writes. */
  slot: HTMLElement | null;
}

/** A viewer that was let in: how it looks first, then among the others, until it leaves. */
export default function GuestOnAir(props: GuestProps) {
  const used = useLocalMedia();
  // After a reload one was seen a moment ago, and is to be again.
  const [isReady, setIsReady] = useState(props.own.state === 'on-air');
  if (!used || !isReady) return <Check used={used} own={props.own} room={props.room} onGo={() => setIsReady(true)} />;
  return <Among {...props} used={used} />;
}

function Check({
  used,
  own,
  room,
  onGo,
}: {
  used: UsedMedia | null;
  own: CohostSession;
  room: UsedRoom;
  onGo(): void;
}) {
  const { t } = useTranslation();
  const { access = 'asking', preview = null } = used?.snapshot ?? {};
  const dialog = useRef<HTMLDialogElement>(null);
  // Closed before it is taken out of the page: after that it gives no focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const leave = () => void room.session.try('cohost.leave', { sessionId: own.id });
  return createPortal(
    <dialog
      ref={dialog}
      className={styles.check}
      aria-label={t('air.checkTitle')}
      onCancel={(event) => {
        // It goes when the server says so.
        event.preventDefault();
        leave();
      }}
    >
      <div className={styles.checkBox}>
        <div className={styles.checkPicture}>
          {preview && <SelfPicture preview={preview} mirrored={!used?.snapshot.screen} />}
          {!preview && (
            <p className={styles.checkWord} role="status">
              {t(
                access === 'asking'
                  ? 'call.asking'
                  : access === 'refused'
                    ? 'call.refusedText'
                    : access === 'insecure'
                      ? 'call.insecureText'
                      : 'call.cameraIsOff',
              )}
            </p>
          )}
        </div>
        <div>
          <h2 className={styles.checkTitle}>{t('air.checkTitle')}</h2>
          <p className={styles.checkText}>{t('air.checkText')}</p>
        </div>
        <div className={styles.checkButtons}>
          {used && access === 'given' && (
            <>
              <MicrophoneButton used={used} />
              <CameraButton used={used} />
            </>
          )}
          <button type="button" className="button" onClick={leave}>
            {t('air.reject')}
          </button>
          <button type="button" className="button primary" disabled={!used || access === 'asking'} onClick={onGo}>
            {t('air.goOn')}
          </button>
        </div>
      </div>
    </dialog>,
    document.body,
  );
}

function Among({ room, own, anchor, slot, used }: GuestProps & { used: UsedMedia }) {
  const { t } = useTranslation();
  const talk = useTalk(room, own.user.nickname, used.media);
  const isOnAir = own.state === 'on-air';
  const leave = () => void room.session.try('cohost.leave', { sessionId: own.id });
  useWarnBeforeUnload(true);
  useWakeLock();
  if (!talk) return null;
  const { others, self } = talk.snapshot;
  return (
    <div className={styles.air}>
      <AirTiles members={others} first={anchor.userId} />
      <FloatingPreview self={self} used={used} at="top-right" />
      {slot &&
        createPortal(
          <div className={styles.bar} role="toolbar" aria-label={t('air.onAir')}>
            <p className={styles.barState} data-on={isOnAir} role="status">
              {self.state === 'reconnecting' ? t('call.reconnecting') : t(isOnAir ? 'air.onAir' : 'air.joining')}
            </p>
            <MicrophoneButton used={used} />
            <CameraButton used={used} />
            <ScreenButton used={used} words={false} />
            <RoundButton icon={<LeaveIcon />} label={t('air.leave')} kind="leave" onClick={leave} />
          </div>,
          slot,
        )}
    </div>
  );
}
