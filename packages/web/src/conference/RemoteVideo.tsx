import { useEffect, useRef } from 'react';

/** Sound is played whether there is a picture or not. */
export function RemoteVideo({
  className,
  media,
  hidden,
  whole,
  onPicture,
}: {
  className: string | undefined;
  media: MediaStream | null;
  hidden: boolean;
  whole: boolean;
  onPicture?(size: { width: number; height: number }): void;
}) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element || !media) return;
    element.srcObject = media;
    // A browser that wants a touch first is asked again by it.
    element.play().catch(() => undefined);
  }, [media]);
  const measure = () => {
    const { videoWidth: width, videoHeight: height } = video.current ?? {};
    if (width && height) onPicture?.({ width, height });
  };
  return (
    // Nobody writes captions as people talk.
    // biome-ignore lint/a11y/useMediaCaption: see above
    <video
      ref={video}
      className={className}
      data-hidden={hidden}
      data-whole={whole}
      autoPlay
      playsInline
      tabIndex={-1}
      onLoadedData={measure}
      onResize={measure}
    />
  );
}
