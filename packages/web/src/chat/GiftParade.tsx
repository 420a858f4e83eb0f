import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../account/Avatar.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { wholeNumber } from '../i18n/format.ts';
import { type UsedRoom, useRoomEvents } from '../room/useRoomSession.ts';
import { lineOf } from './chat-lines.ts';
import styles from './GiftParade.module.css';
import { GivenGiftPicture } from './GiftPicture.tsx';
import { SHOWN_MS, type ShownGift, stillShown, withGift } from './gift-parade.ts';
import { useGiftName } from './useGiftName.ts';

/** Who gave what, over the picture, for a moment. Decoration: the same is in the chat. */
export function GiftParade({ room }: { room: UsedRoom | null }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const nameOf = useGiftName();
  const [gifts, setGifts] = useState<readonly ShownGift[]>([]);
  useRoomEvents(room, ({ name, params }) => {
    if (name !== 'room.message' || params.kind !== 'gift' || document.hidden) return;
    const line = lineOf(params, '');
    if (line?.kind === 'gift') setGifts((shown) => withGift(shown, { ...line, atMs: performance.now() }));
  });
  useEffect(() => {
    const [oldest] = gifts.map(({ atMs }) => atMs).sort((a, b) => a - b);
    if (oldest === undefined) return;
    const leftMs = oldest + SHOWN_MS - performance.now();
    const timer = setTimeout(() => setGifts((shown) => stillShown(shown, performance.now())), Math.max(0, leftMs) + 1);
    return () => clearTimeout(timer);
  }, [gifts]);
  return (
    <ul className={styles.parade} aria-hidden="true">
      {gifts.map((gift) => (
        <li key={gift.id} className={styles.gift}>
          <Avatar user={gift.from} size={36} />
          <span className={styles.words}>
            <span className={styles.from}>{gift.from.nickname}</span>
            <span className={styles.what}>{t('chat.gives', { gift: nameOf(gift) })}</span>
          </span>
          <GivenGiftPicture gift={gift} />
          <span key={gift.count} className={styles.count}>
            ×{wholeNumber(gift.count, language)}
          </span>
        </li>
      ))}
    </ul>
  );
}
