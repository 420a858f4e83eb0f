import { useEffect } from 'react';
import type { Player } from '../player/player.ts';

/** Lets the lock screen, headphones and media keys know what plays and pause it. */
export function useMediaSession(player: Player | null, title: string, appName: string): void {
  useEffect(() => {
    if (!player || !('mediaSession' in navigator)) return;
    const session = navigator.mediaSession;
    session.metadata = new MediaMetadata({
      title,
      artist: appName,
      artwork: [{ src: '/icon-512.png', sizes: '512x512', type: 'image/png' }],
    });
    session.setActionHandler('play', () => player.play());
    session.setActionHandler('pause', () => player.pause());
    return () => {
      session.metadata = null;
      session.setActionHandler('play', null);
      session.setActionHandler('pause', null);
    };
  }, [player, title, appName]);
}
