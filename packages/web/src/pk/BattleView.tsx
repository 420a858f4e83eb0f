import type { PkSession } from '@lianmai/contract/im';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../account/Avatar.tsx';
import { useSay } from '../app/Toast.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { clock, wholeNumber } from '../i18n/format.ts';
import { type UsedRoom, useRoomEvents } from '../room/useRoomSession.ts';
import styles from './BattleView.module.css';
import { endWord } from './ended.ts';
import { leftShare, secondsLeft } from './score.ts';

/** Over the picture while two anchors battle: who they are, how it stands, and how long it goes on. */
export function BattleView({ room }: { room: UsedRoom }) {
  const { pk } = room.state;
  useTold(room);
  if (!pk || (pk.state !== 'battle' && pk.state !== 'punishment')) return null;
  return <Score pk={pk} />;
}

function Score({ pk }: { pk: PkSession }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const left = useSecondsLeft(pk);
  const [one, two] = pk.sides;
  const share = leftShare(one.score, two.score);
  const winner = pk.sides.find(({ roomId }) => roomId === pk.winner);
  const scores = {
    left: wholeNumber(one.score, language),
    right: wholeNumber(two.score, language),
  };
  return (
    <section className={styles.battle} aria-label={t('pk.title')}>
      <div className={styles.bar} role="img" aria-label={t('pk.score', scores)}>
        <span className={styles.left} style={{ width: `${share * 100}%` }}>
          {scores.left}
        </span>
        <span className={styles.right}>{scores.right}</span>
      </div>
      <div className={styles.row}>
        <span className={styles.side}>
          <Avatar user={one.anchor} size={24} />
          <span className={styles.name}>{one.anchor.nickname}</span>
        </span>
        <span className={styles.time} data-state={pk.state}>
          {t(pk.state === 'battle' ? 'pk.battle' : 'pk.punishment')} <time>{clock(left)}</time>
        </span>
        <span className={`${styles.side} ${styles.other}`}>
          <span className={styles.name}>{two.anchor.nickname}</span>
          <Avatar user={two.anchor} size={24} />
        </span>
      </div>
      {pk.state === 'punishment' && (
        <p className={styles.winner} role="status">
          {winner ? t('pk.won', { name: winner.anchor.nickname }) : t('pk.even')}
        </p>
      )}
    </section>
  );
}

/** Says how a battle ended, once: anchors hear of it twice. */
function useTold(room: UsedRoom): void {
  const { t } = useTranslation();
  const say = useSay();
  const { pk, role } = room.state;
  const known = useRef(pk);
  if (pk) known.current = pk;
  const told = useRef<string>(undefined);
  useRoomEvents(room, ({ name, params }) => {
    if (name !== 'pk.ended' || told.current === params.session.id) return;
    const { id } = params.session;
    told.current = id;
    const before = known.current?.id === id ? known.current.state : null;
    const word = endWord(params.session, before, role === 'anchor' ? room.session.roomId : null);
    if (word) say(t(`pk.${word.key}`, { ...word }));
  });
}

function useSecondsLeft({ expiresAt }: PkSession): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return secondsLeft(expiresAt, nowMs);
}
