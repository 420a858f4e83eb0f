/**
 * Plays: with sound when the browser lets it, without when it insists, or not at all when it insists on that.
 * Anything else that keeps it from playing is told by the element's events.
 */
export async function playAsAllowed(video: HTMLMediaElement): Promise<'as-wanted' | 'muted' | 'blocked'> {
  if (await allowed(video)) return 'as-wanted';
  if (video.muted) return 'blocked';
  video.muted = true;
  return (await allowed(video)) ? 'muted' : 'blocked';
}

async function allowed(video: HTMLMediaElement): Promise<boolean> {
  try {
    await video.play();
    return true;
  } catch (error) {
    return !(error instanceof DOMException && error.name === 'NotAllowedError');
  }
}
