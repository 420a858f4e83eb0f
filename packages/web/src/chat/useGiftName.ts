import { useTranslation } from 'react-i18next';
import { ownGiftWord } from './gift-name.ts';

/** Names gifts in the page's language, as far as it knows them. */
export function useGiftName(): (gift: { giftId: string; name: string }) => string {
  const { t } = useTranslation();
  return (gift) => {
    const word = ownGiftWord(gift);
    return word ? t(word) : gift.name;
  };
}
