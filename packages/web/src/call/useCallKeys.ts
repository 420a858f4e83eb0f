import { useEffect } from 'react';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { focusKind } from '../watch/keys.ts';

/** M: microphone, C: camera; not while something is typed. */
export function useCallKeys({ media }: UsedMedia): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      if (focusKind(event.target) === 'text') return;
      const key = event.key.toLowerCase();
      if (key === 'm') void media.setMicrophone(!media.snapshot.microphone);
      if (key === 'c') void media.setCamera(!media.snapshot.camera);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [media]);
}
