import { en } from '../i18n/en.ts';

type OwnGift = keyof typeof en.gift;

/** The gifts that a server has from the beginning, by their ids: the pages know their names in all languages. */
const isOwn = (giftId: string): giftId is OwnGift => Object.hasOwn(en.gift, giftId);

/**
 * The word that the pages have for a gift; null: it is called as whoever runs the server calls it.
 * @param name the server's, in English.
 */
export function ownGiftWord({ giftId, name }: { giftId: string; name: string }): `gift.${OwnGift}` | null {
  return isOwn(giftId) && en.gift[giftId] === name ? `gift.${giftId}` : null;
}
