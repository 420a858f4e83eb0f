/**
 * A page that was open while the server got a new build asks for code that is gone. When code can't be loaded and the
 * front page names another entry than the one that runs, the page is loaded anew.
 */
export function reloadWhenReplaced(): void {
  const entry = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.getAttribute('src');
  window.addEventListener('vite:preloadError', async () => {
    try {
      const response = await fetch('/', { cache: 'no-store' });
      if (response.ok && entry && !(await response.text()).includes(entry)) location.reload();
    } catch {
      // The server is away: that is why the code did not come.
    }
  });
}
