import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSay } from '../app/Toast.tsx';
import styles from './CopyField.module.css';
import { CheckIcon, CopyIcon } from './icons.tsx';

/** A line to be pasted elsewhere, with its button. @param label what the line is, for screen readers and beside it. */
export function CopyField({ label, text, showLabel = false }: { label: string; text: string; showLabel?: boolean }) {
  const { t } = useTranslation();
  const say = useSay();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    if (await copyText(text)) setCopied(true);
    else say(t('app.copyFailed'));
  };
  return (
    <div className={styles.field}>
      {showLabel && <span className={styles.label}>{label}</span>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <code className={styles.text} tabIndex={0}>
        {text}
      </code>
      <button
        type="button"
        className={`icon-button ${styles.button}`}
        aria-label={`${copied ? t('app.copied') : t('app.copy')}: ${label}`}
        onClick={() => void copy()}
      >
        {copied ? <CheckIcon size={20} /> : <CopyIcon size={20} />}
      </button>
    </div>
  );
}

/** Puts the text on the clipboard. Pages without TLS have no clipboard of their own; there the old way is taken. */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
