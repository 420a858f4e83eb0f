import { useState } from 'react';
import { Portrait } from '../front/Cover.tsx';
import styles from './Account.module.css';
import { pictureSrc } from './picture.ts';

/** A user's picture, round; drawn from the name when there is none, or it can't be shown. */
export function Avatar({
  user: { userId, nickname, avatar },
  size,
}: {
  user: { userId: string; nickname: string; avatar: string | null };
  size: number;
}) {
  const [broken, setBroken] = useState<string | null>(null);
  if (avatar === null || broken === avatar) return <Portrait stream={userId} name={nickname} size={size} />;
  return (
    <img
      className={styles.avatar}
      src={pictureSrc(avatar)}
      alt=""
      width={size}
      height={size}
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => setBroken(avatar)}
    />
  );
}
