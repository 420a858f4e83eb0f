/** Pictures a second of a picture that shows nothing: enough for players to keep going. */
const BLANK_FPS = 2;

/** A track that stands in for one that is not there. */
export interface StandIn {
  track: MediaStreamTrack;
  close(): void;
}

/** Sound that is none. A member whose packets stop counts as gone; this keeps them coming. */
export function silence(): StandIn {
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const source = context.createConstantSource();
  source.offset.value = 0;
  source.connect(output);
  source.start();
  // Made before anything was touched, it may be suspended.
  context.resume().catch(() => undefined);
  const [track] = output.stream.getAudioTracks();
  return { track: track!, close: () => void context.close() };
}

/** A black picture, in place of a camera that is off. */
export function blankPicture(): StandIn {
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 360;
  const drawing = canvas.getContext('2d');
  const [track] = canvas.captureStream(BLANK_FPS).getVideoTracks();
  // Canvases are captured when they are drawn on.
  const draw = () => drawing?.fillRect(0, 0, canvas.width, canvas.height);
  draw();
  const drawer = setInterval(draw, 1000 / BLANK_FPS);
  return {
    track: track!,
    close: () => {
      clearInterval(drawer);
      track!.stop();
    },
  };
}
