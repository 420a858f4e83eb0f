import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';
import styles from './Toast.module.css';

/** Long enough to be read: a moment to see it, and time for each character. */
const shownMs = (text: string): number => 1_800 + 60 * text.length;

const Say = createContext<(text: string) => void>(() => undefined);

/** Tells one line in passing, at the bottom of the page; the newest wins. */
export function useSay(): (text: string) => void {
  return useContext(Say);
}

export function ToastArea({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<{ text: string } | null>(null);
  const say = useCallback((text: string) => setToast({ text }), []);
  useEffect(() => {
    if (!toast) return;
    const timer = setTimeout(() => setToast(null), shownMs(toast.text));
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <Say value={say}>
      {children}
      <div className={styles.area} role="status">
        {toast && <p className={styles.toast}>{toast.text}</p>}
      </div>
    </Say>
  );
}
