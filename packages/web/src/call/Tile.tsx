import type { CSSProperties, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MemberView, SelfView } from '../conference/call-session.ts';
import { QualityBars } from '../conference/QualityBars.tsx';
import { RemoteVideo } from '../conference/RemoteVideo.tsx';
import { SelfPicture } from '../devices/SelfPicture.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { Cover, Portrait } from '../front/Cover.tsx';
import type { Bars } from '../rtc/quality.ts';
import { MicrophoneOffIcon } from '../theme/icons.tsx';
import { fit, type Size } from './grid.ts';
import styles from './Tile.module.css';

/** Somebody else: seen and heard. */
export function MemberTile({
  member,
  picture,
  onPicture,
  size,
  style,
}: {
  member: MemberView;
  /** Its natural size; null before the first one. */
  picture: Size | null;
  onPicture(size: Size): void;
  size: Size;
  style: CSSProperties;
}) {
  const { t } = useTranslation();
  const { userId, nickname, state, media, muted, bars, speaking } = member;
  const hidden = state === 'camera-off' || state === 'joining' || state === 'connecting' || picture === null;
  const word = state === 'picture' || state === 'camera-off' ? null : t(`call.${state}`);
  return (
    <Frame
      seed={userId}
      name={nickname}
      shownName={nickname}
      size={size}
      style={style}
      portrait={hidden}
      dimmed={state === 'gone' || state === 'reconnecting'}
      word={word}
      muted={muted.audio}
      bars={bars}
      speaking={speaking}
    >
      <RemoteVideo
        className={styles.video}
        media={media}
        hidden={hidden}
        whole={picture !== null && fit(picture, size) === 'contain'}
        onPicture={onPicture}
      />
    </Frame>
  );
}

/** Oneself among the others. */
export function SelfTile({
  self,
  used: { snapshot },
  size,
  style,
}: {
  self: SelfView;
  used: UsedMedia;
  size: Size;
  style: CSSProperties;
}) {
  const { t } = useTranslation();
  return (
    <Frame
      seed={self.nickname}
      name={self.nickname}
      shownName={t('call.you', { name: self.nickname })}
      size={size}
      style={style}
      portrait={snapshot.preview === null}
      dimmed={false}
      word={null}
      muted={!snapshot.microphone}
      bars={self.bars}
      speaking={self.speaking && snapshot.microphone}
    >
      {snapshot.preview && <SelfPicture preview={snapshot.preview} mirrored={!snapshot.screen} />}
    </Frame>
  );
}

function Frame({
  seed,
  name,
  shownName,
  size,
  style,
  portrait,
  dimmed,
  word,
  muted,
  bars,
  speaking,
  children,
}: {
  seed: string;
  name: string;
  shownName: string;
  size: Size;
  style: CSSProperties;
  portrait: boolean;
  dimmed: boolean;
  word: string | null;
  muted: boolean;
  bars: Bars | null;
  speaking: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const portraitSize = Math.round(Math.min(128, Math.max(44, Math.min(size.width, size.height) * 0.36)));
  return (
    <li className={styles.tile} style={style} data-speaking={speaking} data-dimmed={dimmed}>
      <div className={styles.backdrop}>
        <Cover stream={seed} name={name} plain />
      </div>
      {children}
      {portrait && (
        <div className={styles.portrait}>
          <Portrait stream={seed} name={name} size={portraitSize} />
        </div>
      )}
      {word !== null && <p className={styles.word}>{word}</p>}
      <div className={styles.foot}>
        {muted && (
          <span className={styles.muted}>
            <MicrophoneOffIcon size={16} />
            <span className="unseen">{t('call.muted')}</span>
          </span>
        )}
        <span className={styles.name}>{shownName}</span>
        <QualityBars bars={bars} />
      </div>
      {speaking && <span className="unseen">{t('call.speaking')}</span>}
    </li>
  );
}
