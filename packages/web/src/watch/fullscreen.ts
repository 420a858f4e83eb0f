import { type RefObject, useEffect, useState } from 'react';

/** What iPhones have instead: the video alone, in their own player. */
type WebkitVideo = HTMLVideoElement & { webkitEnterFullscreen?(): void };

/** Full screen of an element, or of the video alone where only that is possible. */
export function useFullscreen(
  element: RefObject<HTMLElement | null>,
  video: RefObject<HTMLVideoElement | null>,
): { active: boolean; toggle(): void } {
  const [active, setActive] = useState(false);
  useEffect(() => {
    const changed = () => setActive(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', changed);
    return () => document.removeEventListener('fullscreenchange', changed);
  }, []);
  const toggle = () => {
    if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
    else if (element.current?.requestFullscreen) element.current.requestFullscreen().catch(() => undefined);
    else (video.current as WebkitVideo | null)?.webkitEnterFullscreen?.();
  };
  return { active, toggle };
}

/** Null where the browser has no picture in picture for pages to ask for. */
export function pictureInPictureOf(video: RefObject<HTMLVideoElement | null>): (() => void) | null {
  if (!document.pictureInPictureEnabled) return null;
  return () => {
    // Refused while there is no picture yet: nothing to tell.
    if (document.pictureInPictureElement) document.exitPictureInPicture().catch(() => undefined);
    else video.current?.requestPictureInPicture().catch(() => undefined);
  };
}
