import { type RefObject, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  ChartIcon,
  ExitFullscreenIcon,
  FullscreenIcon,
  InfoIcon,
  MutedIcon,
  PauseIcon,
  PictureInPictureIcon,
  PlayIcon,
  ShareIcon,
  SoundIcon,
  TuneIcon,
} from '../theme/icons.tsx';
import styles from './ControlBar.module.css';
import { control, isRunning, setMuted, setVolume } from './control.ts';
import { EngineSheet } from './EngineSheet.tsx';
import { pictureInPictureOf } from './fullscreen.ts';
import type { WatchedPlayer } from './useLivePlayer.ts';
import { useShare } from './useShare.ts';

export interface ControlBarProps {
  watched: WatchedPlayer;
  video: RefObject<HTMLVideoElement | null>;
  soundOnly: boolean;
  fullscreen: { active: boolean; toggle(): void };
  statsOpen: boolean;
  onStats(): void;
  onDetails(): void;
  name: string;
}

/** The bottom of the video: playing and sound at the left, how it is shown at the right, sharing and details above. */
export function ControlBar(props: ControlBarProps) {
  const { watched, video, soundOnly, fullscreen, statsOpen, onStats, onDetails, name } = props;
  const { t } = useTranslation();
  const { player, snapshot } = watched;
  const [choosing, setChoosing] = useState(false);
  const share = useShare(name);
  const pictureInPicture = useMemo(() => pictureInPictureOf(video), [video]);
  const running = isRunning(snapshot.state);
  const idle = snapshot.state === 'waiting' || snapshot.state === 'ended' || snapshot.state === 'failed';
  return (
    <div className={styles.bottom}>
      <div className={styles.rail}>
        <RailButton label={t('watch.share')} onClick={share}>
          <ShareIcon />
        </RailButton>
        <RailButton label={t('watch.details')} onClick={onDetails}>
          <InfoIcon />
        </RailButton>
      </div>
      <div className={styles.bar} role="toolbar" aria-label={t('watch.controls')}>
        <button
          type="button"
          className="icon-button"
          aria-label={t(running ? 'watch.pause' : 'watch.play')}
          disabled={!player || idle}
          onClick={() => player && control(player, 'play-pause')}
        >
          {running ? <PauseIcon /> : <PlayIcon />}
        </button>
        <div className={styles.sound}>
          <button
            type="button"
            className="icon-button"
            aria-label={t(snapshot.muted ? 'watch.unmute' : 'watch.mute')}
            onClick={() => player && setMuted(player, !snapshot.muted)}
          >
            {snapshot.muted ? <MutedIcon /> : <SoundIcon />}
          </button>
          <input
            type="range"
            className={styles.volume}
            aria-label={t('watch.volume')}
            min={0}
            max={1}
            step={0.05}
            value={snapshot.muted ? 0 : snapshot.volume}
            onChange={(event) => player && setVolume(player, event.currentTarget.valueAsNumber)}
          />
        </div>
        {!idle && <LiveButton watched={watched} />}
        <div className={styles.right}>
          <button
            type="button"
            className="icon-button"
            aria-label={t(statsOpen ? 'watch.hideStats' : 'watch.stats')}
            aria-pressed={statsOpen}
            onClick={onStats}
          >
            <ChartIcon />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={t('watch.playWith')}
            aria-haspopup="dialog"
            onClick={() => setChoosing(true)}
          >
            <TuneIcon />
          </button>
          {pictureInPicture && !soundOnly && (
            <button
              type="button"
              className={`icon-button ${styles.spare}`}
              aria-label={t('watch.pictureInPicture')}
              onClick={pictureInPicture}
            >
              <PictureInPictureIcon />
            </button>
          )}
          <button
            type="button"
            className="icon-button"
            aria-label={t(fullscreen.active ? 'watch.exitFullscreen' : 'watch.fullscreen')}
            onClick={fullscreen.toggle}
          >
            {fullscreen.active ? <ExitFullscreenIcon /> : <FullscreenIcon />}
          </button>
        </div>
      </div>
      <EngineSheet watched={watched} open={choosing} onClose={() => setChoosing(false)} />
    </div>
  );
}

/** Says whether the picture is the newest; when it is not, leads there. */
function LiveButton({ watched: { player, snapshot } }: { watched: WatchedPlayer }) {
  const { t } = useTranslation();
  const atEdge = snapshot.atLiveEdge && (snapshot.state === 'playing' || snapshot.state === 'buffering');
  const behind = !snapshot.atLiveEdge || snapshot.state === 'paused';
  return (
    <button
      type="button"
      className={styles.live}
      data-edge={atEdge}
      disabled={!behind}
      aria-label={t(behind ? 'watch.toLive' : 'watch.atLive')}
      onClick={() => player?.toLiveEdge()}
    >
      {t(behind ? 'watch.toLive' : 'watch.atLive')}
    </button>
  );
}

function RailButton({ label, onClick, children }: { label: string; onClick(): void; children: React.ReactNode }) {
  return (
    <button type="button" className={styles.railButton} onClick={onClick}>
      <span className={styles.railIcon}>{children}</span>
      <span className={styles.railLabel}>{label}</span>
    </button>
  );
}
