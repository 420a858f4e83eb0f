import type { Gift } from '@lianmai/contract/im';
import type { ReactNode } from 'react';
import { GiftIcon } from '../theme/icons.tsx';
import { ownGiftWord } from './gift-name.ts';

/** The gifts that a server has from the beginning, by their ids. 48 units square. */
const DRAWINGS: Readonly<Record<string, ReactNode>> = {
  rose: (
    <>
      <path d="M24 26v18" stroke="#3fae6a" strokeWidth="3" strokeLinecap="round" />
      <path d="M24 37c-7 1-10-2-11-7 6-1 10 1 11 7zM24 41c6 0 9-2 10-7-6 0-9 2-10 7z" fill="#3fae6a" />
      <path d="M12 10c4 1 7 0 12-5 5 5 8 6 12 5 1 10-3 18-12 18S11 20 12 10z" fill="#e8304f" />
      <path d="M24 28c-6-3-8-8-6-15 5 2 8 2 12 0 2 7 0 12-6 15z" fill="#ff6b81" />
      <path d="M24 21c-3-2-3-5-1-8 3 1 5 4 1 8z" fill="#c81f3c" />
    </>
  ),
  heart: (
    <>
      <path d="M24 42S6 31.5 6 18.5A10 10 0 0 1 24 12a10 10 0 0 1 18 6.5C42 31.5 24 42 24 42z" fill="#ff4763" />
      <path d="M12 19a6 6 0 0 1 5-6" stroke="#ffb3be" strokeWidth="3" strokeLinecap="round" fill="none" />
    </>
  ),
  cake: (
    <>
      <path d="M7 42V31a4 4 0 0 1 4-4h26a4 4 0 0 1 4 4v11z" fill="#f7c9a0" />
      <path d="M7 36c4 0 4 3 8.5 3s4.5-3 8.5-3 4 3 8.5 3 4.5-3 8.5-3v6H7z" fill="#e79a6b" />
      <path
        d="M7 33v-2a4 4 0 0 1 4-4h26a4 4 0 0 1 4 4v2c-3 0-3 3-6 3s-3-3-5.5-3-3 3-5.5 3-3-3-5.5-3-3 3-5.5 3-3-3-6-3z"
        fill="#fff1f4"
      />
      <path d="M15 27v-9M24 27v-9M33 27v-9" stroke="#7cc4ff" strokeWidth="3.5" strokeLinecap="round" />
      <path
        d="M15 15c-3-3 0-5 0-8 3 3 3 6 0 8zM24 15c-3-3 0-5 0-8 3 3 3 6 0 8zM33 15c-3-3 0-5 0-8 3 3 3 6 0 8z"
        fill="#ffb338"
      />
    </>
  ),
  rocket: (
    <>
      <path d="M15 30c-5 1-7 6-7 11 5 0 10-2 11-7z" fill="#ffb338" />
      <path d="M14 34c-2 1-3 3-3 5 2 0 4-1 5-3z" fill="#ff6a3d" />
      <path d="M12 27l7-9 9 1-12 12zM21 36l9-7 0-9-13 13z" fill="#e8304f" transform="translate(0 1)" />
      <path d="M14 29C16 16 27 6 42 6c0 15-10 26-23 28z" fill="#eef1f7" />
      <path d="M33 7c3-1 6-1 9-1 0 3 0 6-1 9z" fill="#e8304f" />
      <circle cx="29" cy="19" r="4.5" fill="#3c8dff" stroke="#b9c3d6" strokeWidth="2" />
    </>
  ),
  crown: (
    <>
      <path d="M7 38 4 15l11 8 9-15 9 15 11-8-3 23z" fill="#ffc53d" />
      <path d="M7 38h34v4a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2z" fill="#e09b12" />
      <circle cx="24" cy="31" r="3.5" fill="#e8304f" />
      <circle cx="14" cy="32" r="2.5" fill="#3c8dff" />
      <circle cx="34" cy="32" r="2.5" fill="#3c8dff" />
      <circle cx="4" cy="15" r="2.5" fill="#ffdf85" />
      <circle cx="24" cy="8" r="2.5" fill="#ffdf85" />
      <circle cx="44" cy="15" r="2.5" fill="#ffdf85" />
    </>
  ),
};

/** What stands for them in lists; drawn, since not every system has pictures for these characters. */
const CHARACTERS: Readonly<Record<string, string>> = {
  '🌹': 'rose',
  '❤️': 'heart',
  '🎂': 'cake',
  '🚀': 'rocket',
  '👑': 'crown',
};

/** What a gift looks like: a picture from an address, a drawing of a well-known character, or the character itself. */
export function GiftPicture({ icon }: Pick<Gift, 'icon'>) {
  if (/^https?:|^\//.test(icon)) return <img src={icon} alt="" width={44} height={44} referrerPolicy="no-referrer" />;
  const id = CHARACTERS[icon];
  return id === undefined ? icon : <Drawing id={id} size={44} />;
}

/** The same of a gift that was given: of those that only the list has a picture of, a parcel. */
export function GivenGiftPicture({ gift }: { gift: Pick<Gift, 'giftId' | 'name'> }) {
  return ownGiftWord(gift) ? <Drawing id={gift.giftId} size={36} /> : <GiftIcon size={28} />;
}

function Drawing({ id, size }: { id: string; size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 48 48" fill="none" aria-hidden="true" focusable="false">
      {DRAWINGS[id]}
    </svg>
  );
}
