import { useTranslation } from 'react-i18next';
import { useSay } from '../app/Toast.tsx';
import { copyText } from '../theme/CopyField.tsx';

/** Shares the page by the device's own sheet where there is one and a finger to use it, else copies its address. */
export function useShare(name: string): () => void {
  const { t } = useTranslation();
  const say = useSay();
  return () => {
    const url = location.href;
    if (typeof navigator.share === 'function' && matchMedia('(pointer: coarse)').matches) {
      // Rejected when the viewer thinks better of it.
      navigator.share({ title: name, url }).catch(() => undefined);
      return;
    }
    void copyText(url).then((done) => say(t(done ? 'watch.linkCopied' : 'app.copyFailed')));
  };
}
