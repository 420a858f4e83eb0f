import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { recall, remember } from '../app/remember.ts';
import { LocalMedia, type LocalMediaSnapshot } from './local-media.ts';

export interface UsedMedia {
  media: LocalMedia;
  snapshot: LocalMediaSnapshot;
}

/** Camera and microphone, on for as long as the component is there; the choice is remembered. */
export function useLocalMedia(): UsedMedia | null {
  const [media, setMedia] = useState<LocalMedia | null>(null);
  useEffect(() => {
    const opened = new LocalMedia({ cameraId: recall('camera'), microphoneId: recall('microphone') });
    setMedia(opened);
    return () => opened.close();
  }, []);
  const subscribe = useCallback((listener: () => void) => media?.subscribe(listener) ?? (() => undefined), [media]);
  const snapshot = useSyncExternalStore(subscribe, () => media?.snapshot ?? null);
  const { cameraId, microphoneId } = snapshot ?? {};
  useEffect(() => {
    if (cameraId) remember('camera', cameraId);
    if (microphoneId) remember('microphone', microphoneId);
  }, [cameraId, microphoneId]);
  return media && snapshot && { media, snapshot };
}
