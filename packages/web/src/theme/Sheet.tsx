import { type ReactNode, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { CloseIcon } from './icons.tsx';
import styles from './Sheet.module.css';

interface SheetProps {
  title: string;
  onClose(): void;
  children: ReactNode;
}

/**
 * A sheet from the bottom on phones, a card at the lower right on wide screens. A modal dialog: the browser keeps the
 * focus in it, closes it by Escape and gives the focus back. What `data-first` marks has the focus first; else the button that
 * closes it.
 */
export function Sheet({ open, ...sheet }: SheetProps & { open: boolean }) {
  return open ? <OpenSheet {...sheet} /> : null;
}

function OpenSheet({ title, onClose, children }: SheetProps) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  // Closed before it is taken out of the page: after that it gives no focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => element?.close();
  }, []);
  return (
    // The backdrop is the dialog itself, outside its only child; keys close it by Escape.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <dialog
      ref={dialog}
      className={styles.sheet}
      aria-label={title}
      onCancel={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <div className={styles.body}>
        <header className={styles.head}>
          <h2>{title}</h2>
          <button type="button" className="icon-button" aria-label={t('app.close')} onClick={onClose}>
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
