import type { Gift } from '@lianmai/contract/im';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSay } from '../app/Toast.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { wholeNumber } from '../i18n/format.ts';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { Sheet } from '../theme/Sheet.tsx';
import { useFailureWord } from './ChatInput.tsx';
import styles from './GiftSheet.module.css';

/** What can be given here; a press gives one. */
export function GiftSheet({ room, open, onClose }: { room: UsedRoom; open: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const say = useSay();
  const failureWord = useFailureWord();
  const [gifts, setGifts] = useState<readonly Gift[]>([]);
  const { session } = room;
  useEffect(() => {
    if (!open) return;
    session.call('room.gifts', { roomId: session.roomId }).then(
      ({ items }) => setGifts(items),
      () => undefined,
    );
  }, [open, session]);
  const give = async ({ giftId, name }: Gift) => {
    const failure = await session.try('room.send', {
      roomId: session.roomId,
      kind: 'gift',
      body: { giftId, count: 1 },
    });
    say(failure ? failureWord(failure) : t('chat.giftSent', { gift: name }));
  };
  return (
    <Sheet title={t('chat.gifts')} open={open} onClose={onClose}>
      <ul className={styles.gifts}>
        {gifts.map((gift) => (
          <li key={gift.giftId}>
            <button type="button" className={styles.gift} onClick={() => void give(gift)}>
              <span className={styles.icon} aria-hidden="true">
                {/^https?:|^\//.test(gift.icon) ? (
                  <img src={gift.icon} alt="" width={40} height={40} referrerPolicy="no-referrer" />
                ) : (
                  gift.icon
                )}
              </span>
              <span className={styles.name}>{gift.name}</span>
              <span className={styles.price}>
                {gift.price === 0 ? t('chat.free') : wholeNumber(gift.price, language)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
