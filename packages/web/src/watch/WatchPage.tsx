import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Header } from '../app/Header.tsx';
import { useTitle } from '../app/useTitle.ts';
import { playQuery } from '../player/engines/addresses.ts';
import { signatureOfStream } from '../room/signature.ts';
import { Sheet } from '../theme/Sheet.tsx';
import { DetailsPanel } from './DetailsPanel.tsx';
import { holdPicture } from './held-picture.ts';
import { Stage } from './Stage.tsx';
import { useLivePlayer } from './useLivePlayer.ts';
import { useLiveView } from './useLiveView.ts';
import { useMediaSession } from './useMediaSession.ts';
import styles from './WatchPage.module.css';

/** One stream, to be watched. On phones all of the page is the video; on wide screens its details stand beside it. */
export function WatchPage({ stream }: { stream: string }) {
  const { t } = useTranslation();
  const view = useLiveView(stream);
  const video = useRef<HTMLVideoElement>(null);
  const held = useRef<HTMLCanvasElement>(null);
  const [detailsOpen, setDetailsOpen] = useState(false);
  const watched = useLivePlayer(video, stream, {
    status: view.status,
    query: playQuery(location.search),
    freshQuery: () => signatureOfStream(stream),
    ask: view.askNow,
    holdPicture: () => holdPicture(video.current, held.current),
  });
  const name = view.channel?.name || stream;
  useTitle(view.live ? t('watch.titleLive', { name }) : name);
  useMediaSession(watched.player, name, t('app.name'));
  return (
    <div className={styles.page}>
      <div className={styles.header}>
        <Header wide />
      </div>
      <main className={styles.main}>
        <Stage
          stream={stream}
          name={name}
          view={view}
          watched={watched}
          video={video}
          held={held}
          onDetails={() => setDetailsOpen(true)}
        />
        <aside className={styles.panel}>
          <DetailsPanel stream={stream} name={name} view={view} keys />
        </aside>
      </main>
      <Sheet title={t('watch.details')} open={detailsOpen} onClose={() => setDetailsOpen(false)}>
        <DetailsPanel stream={stream} name={name} view={view} />
      </Sheet>
    </div>
  );
}
