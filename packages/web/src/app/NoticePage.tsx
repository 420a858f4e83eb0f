import type { ReactNode } from 'react';
import { Header } from './Header.tsx';
import { Notice } from './Notice.tsx';
import styles from './NoticePage.module.css';

/** A page that has one thing to say, in its middle. */
export function NoticePage({
  icon,
  title,
  text,
  children,
}: {
  icon: ReactNode;
  title: string;
  text?: string;
  children?: ReactNode;
}) {
  return (
    <div className={styles.page} data-scrolls>
      <Header />
      <main className={styles.main}>
        <Notice icon={icon} title={title} text={text}>
          {children}
        </Notice>
      </main>
    </div>
  );
}
