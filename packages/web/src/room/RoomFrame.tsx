import type { ReactNode } from 'react';
import { Header } from '../app/Header.tsx';
import styles from './RoomFrame.module.css';

/**
 * The picture with the talk over its lower part on phones, beside it on wide screens: the same elements in both, so that
 * nothing is made anew when a phone is turned.
 */
export function RoomFrame({
  stage,
  talk,
  isSending = false,
}: {
  stage: ReactNode;
  talk: ReactNode;
  /** This page is on air: nothing beside it leads away. */
  isSending?: boolean;
}) {
  return (
    <div className={styles.page} data-talk>
      <div className={styles.header}>
        <Header wide stays={isSending} />
      </div>
      <main className={styles.main}>
        {stage}
        <aside className={styles.talk}>{talk}</aside>
      </main>
    </div>
  );
}

/** Within {@link RoomFrame}: what is said, what can be done (`rail`), and where one writes. `above`: news that want an answer. */
export function Talk({
  head,
  above,
  list,
  rail,
  input,
}: {
  head?: ReactNode;
  above?: ReactNode;
  list: ReactNode;
  /** Neither of them: it is over. */
  rail?: ReactNode;
  input?: ReactNode;
}) {
  return (
    <>
      {head && <div className={styles.head}>{head}</div>}
      <div className={styles.list}>{list}</div>
      {rail && (
        <div className={styles.rail} data-hearts>
          {rail}
        </div>
      )}
      <div className={styles.above}>{above}</div>
      {input && <div className={styles.input}>{input}</div>}
    </>
  );
}

/** One thing to do, with its word or number below. */
export function RailButton({
  label,
  word,
  badge = 0,
  pressed,
  tone = 'plain',
  onClick,
  children,
}: {
  label: string;
  word: string;
  /** So many wait behind it. */
  badge?: number;
  pressed?: boolean;
  tone?: 'plain' | 'accent';
  onClick(): void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className={styles.railButton}
      data-tone={tone}
      aria-label={badge > 0 ? `${label} (${badge})` : label}
      aria-pressed={pressed}
      onClick={onClick}
    >
      <span className={styles.railIcon} data-badge={badge > 0 ? badge : undefined}>
        {children}
      </span>
      <span className={styles.railWord} aria-hidden="true">
        {word}
      </span>
    </button>
  );
}
