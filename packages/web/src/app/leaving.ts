/**
 * Calls back when the page goes away. A page that the browser kept and shows again is loaded anew: what was ended with it is
 * over, and nothing else would begin it again.
 * @returns stops listening.
 */
export function onLeavingPage(leave: () => void): () => void {
  const shown = ({ persisted }: PageTransitionEvent) => {
    if (persisted) location.reload();
  };
  window.addEventListener('pagehide', leave);
  window.addEventListener('pageshow', shown);
  return () => {
    window.removeEventListener('pagehide', leave);
    window.removeEventListener('pageshow', shown);
  };
}
