import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Cover } from '../front/Cover.tsx';
import { ViewerCount } from '../front/ViewerCount.tsx';
import { fetchLiveList } from '../live/api.ts';
import { usePoll } from '../live/usePoll.ts';
import styles from './NextUp.module.css';

const everyMs = () => 10_000;
const SHOWN = 3;

/** Other live channels, few and small; nothing when there are none. `below` comes after them, not before they are known. */
export function NextUp({ except, below }: { except: string; below?: ReactNode }) {
  const { t } = useTranslation();
  const { snapshot } = usePoll(fetchLiveList, everyMs);
  const others = (snapshot.value ?? []).filter((live) => live.stream !== except).slice(0, SHOWN);
  if (snapshot.value === undefined && !snapshot.failure) return null;
  if (others.length === 0) return below;
  return (
    <>
      <section className={styles.next} aria-label={t('state.next')}>
        <h3 className={styles.title}>{t('state.next')}</h3>
        <ul className={styles.list}>
          {others.map((live) => (
            <li key={live.stream}>
              <Link href={`/watch/${encodeURIComponent(live.stream)}`} className={styles.item}>
                <span className={styles.cover}>
                  <Cover stream={live.stream} name={live.name || live.stream} />
                </span>
                <span className={styles.text}>
                  <span className={styles.name}>{live.name || live.stream}</span>
                  <span className={styles.viewers}>
                    <ViewerCount count={live.viewers} />
                  </span>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </section>
      {below}
    </>
  );
}
