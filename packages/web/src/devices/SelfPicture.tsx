import { useEffect, useRef } from 'react';
import styles from './SelfPicture.module.css';

/** What one sends, as in a mirror; a shared screen is not. */
export function SelfPicture({ preview, mirrored }: { preview: MediaStream; mirrored: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = preview;
  }, [preview]);
  return (
    <video
      ref={video}
      className={styles.picture}
      data-mirrored={mirrored}
      autoPlay
      muted
      playsInline
      aria-hidden="true"
      tabIndex={-1}
    />
  );
}
