import { type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Cover, Portrait } from '../front/Cover.tsx';
import { LiveBadge } from '../front/LiveBadge.tsx';
import { ViewerCount } from '../front/ViewerCount.tsx';
import { BackIcon, MutedIcon } from '../theme/icons.tsx';
import { ControlBar } from './ControlBar.tsx';
import { control, setMuted } from './control.ts';
import { useFullscreen } from './fullscreen.ts';
import { focusKind, type KeyAction, keyAction } from './keys.ts';
import { SoundView } from './SoundView.tsx';
import styles from './Stage.module.css';
import { StateAnnouncement, StateOverlay } from './StateOverlay.tsx';
import { StatsPanel } from './StatsPanel.tsx';
import { useFadingControls } from './useFadingControls.ts';
import type { WatchedPlayer } from './useLivePlayer.ts';
import type { LiveView } from './useLiveView.ts';

export interface StageProps {
  stream: string;
  name: string;
  view: LiveView;
  watched: WatchedPlayer;
  video: RefObject<HTMLVideoElement | null>;
  /** Where the last picture is kept while there is no source. */
  held: RefObject<HTMLCanvasElement | null>;
  onDetails(): void;
}

/** The video and all that floats on it. */
export function Stage({ stream, name, view, watched, video, held, onDetails }: StageProps) {
  const { t } = useTranslation();
  const { player, snapshot } = watched;
  const stage = useRef<HTMLElement>(null);
  const [statsOpen, setStatsOpen] = useState(false);
  const fullscreen = useFullscreen(stage, video);
  const { shown, wake, toggle } = useFadingControls(snapshot.state !== 'playing' && snapshot.state !== 'buffering');
  const soundOnly = view.live !== undefined && !view.live.video && view.live.audio !== null;

  const act = (action: KeyAction) => {
    wake();
    if (action === 'fullscreen') fullscreen.toggle();
    else if (action === 'stats') setStatsOpen((open) => !open);
    else if (player) control(player, action);
  };
  useKeys(act);

  const tapped = (event: PointerEvent) => {
    if (event.pointerType !== 'mouse') toggle();
    else if (event.button === 0) act('play-pause');
  };

  return (
    <section
      ref={stage}
      className={styles.stage}
      data-controls={shown ? 'shown' : 'hidden'}
      data-state={snapshot.state}
      data-shape={snapshot.size && snapshot.size.height > snapshot.size.width ? 'upright' : 'wide'}
      aria-label={t('watch.video', { name })}
      onPointerMove={(event) => event.pointerType === 'mouse' && wake()}
      onFocus={wake}
    >
      <div className={styles.backdrop}>
        <Cover stream={stream} name={name} plain />
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a wider target for pointers of what the buttons and keys do too */}
      <div className={styles.picture} onPointerUp={tapped} onDoubleClick={fullscreen.toggle}>
        <canvas ref={held} className={styles.held} />
        {/* biome-ignore lint/a11y/useMediaCaption: live streams carry no captions */}
        <video ref={video} className={styles.video} playsInline tabIndex={-1} aria-hidden="true" />
        {soundOnly && <SoundView stream={stream} name={name} moving={snapshot.state === 'playing'} />}
      </div>
      <div className={styles.centre}>
        <StateOverlay player={player} snapshot={snapshot} stream={stream} name={name} />
      </div>
      <div className={styles.chrome}>
        <div className={styles.top}>
          <Link href="/" className={`icon-button ${styles.back}`} aria-label={t('watch.back')}>
            <BackIcon />
          </Link>
          <div className={styles.chip}>
            <Portrait stream={stream} name={name} size={32} />
            <span className={styles.name}>{name}</span>
            {view.live && <LiveBadge state={view.live.state} />}
          </div>
          {view.live && (
            <div className={styles.viewers}>
              <ViewerCount count={view.live.viewers} />
            </div>
          )}
        </div>
        <ControlBar
          watched={watched}
          video={video}
          soundOnly={soundOnly}
          fullscreen={fullscreen}
          statsOpen={statsOpen}
          onStats={() => act('stats')}
          onDetails={onDetails}
          name={name}
        />
      </div>
      {snapshot.mutedByBrowser && snapshot.state === 'playing' && (
        <button type="button" className={styles.unmute} onClick={() => player && setMuted(player, false)}>
          <MutedIcon size={20} />
          {t('watch.tapForSound')}
        </button>
      )}
      {statsOpen && player && <StatsPanel player={player} view={view} onClose={() => setStatsOpen(false)} />}
      <StateAnnouncement snapshot={snapshot} name={name} />
    </section>
  );
}

function useKeys(act: (action: KeyAction) => void): void {
  const newest = useRef(act);
  newest.current = act;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (document.querySelector('dialog[open]')) return;
      const modified = event.ctrlKey || event.metaKey || event.altKey;
      const action = keyAction({ key: event.key, modified, focusOn: focusKind(event.target) });
      if (!action) return;
      event.preventDefault();
      newest.current(action);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
}
