import type { Gift } from '@lianmai/contract/im';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSay } from '../app/Toast.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { wholeNumber } from '../i18n/format.ts';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { Sheet } from '../theme/Sheet.tsx';
import { useFailureWord } from './ChatInput.tsx';
import { GiftPicture } from './GiftPicture.tsx';
import styles from './GiftSheet.module.css';
import { useGiftName } from './useGiftName.ts';

/** What can be given here; a press gives one. */
export function GiftSheet({ room, open, onClose }: { room: UsedRoom; open: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const say = useSay();
  const failureWord = useFailureWord();
  const nameOf = useGiftName();
  const { session } = room;
  const { gifts, hasFailed, ask } = useGifts(session, open);
  const give = async (gift: Gift) => {
    const failure = await session.try('room.send', {
      roomId: session.roomId,
      kind: 'gift',
      body: { giftId: gift.giftId, count: 1 },
    });
    say(failure ? failureWord(failure) : t('chat.giftSent', { gift: nameOf(gift) }));
  };
  return (
    <Sheet title={t('chat.gifts')} open={open} onClose={onClose}>
      {hasFailed && (
        <div className={styles.failed} role="status">
          <p>{t('chat.giftsFailed')}</p>
          <button type="button" className="button" onClick={ask}>
            {t('app.retry')}
          </button>
        </div>
      )}
      <ul className={styles.gifts} hidden={hasFailed}>
        {gifts.map((gift) => (
          <li key={gift.giftId}>
            <button type="button" className={styles.gift} onClick={() => void give(gift)}>
              <span className={styles.icon} aria-hidden="true">
                <GiftPicture icon={gift.icon} />
              </span>
              <span className={styles.name}>{nameOf(gift)}</span>
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

/** What the room has, asked for each time it is looked at. */
function useGifts(session: UsedRoom['session'], open: boolean) {
  const [gifts, setGifts] = useState<readonly Gift[]>([]);
  const [hasFailed, setHasFailed] = useState(false);
  const [asked, setAsked] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when that is wished
  useEffect(() => {
    if (!open) return;
    let isCurrent = true;
    setHasFailed(false);
    session.call('room.gifts', { roomId: session.roomId }).then(
      ({ items }) => isCurrent && setGifts(items),
      () => isCurrent && setHasFailed(true),
    );
    return () => {
      isCurrent = false;
    };
  }, [open, session, asked]);
  return { gifts, hasFailed: hasFailed && gifts.length === 0, ask: () => setAsked((times) => times + 1) };
}
