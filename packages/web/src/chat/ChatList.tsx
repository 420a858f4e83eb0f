import type { RoomMember } from '@lianmai/contract/im';
import { memo, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../app/useLanguage.ts';
import { wholeNumber } from '../i18n/format.ts';
import styles from './Chat.module.css';
import type { ChatLine } from './chat-lines.ts';
import { useGiftName } from './useGiftName.ts';

/** So near the end, the list goes on with what is new. */
const AT_END_PX = 48;

/** What was said, the newest at the bottom. Who scrolled up is left there, and told that there is more. */
export function ChatList({
  lines,
  onPerson,
}: {
  /** null: not known yet. */
  lines: readonly ChatLine[] | null;
  /** Somebody's name was pressed; null: names are only read. */
  onPerson: ((user: RoomMember) => void) | null;
}) {
  const { t } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const newest = lines?.at(-1)?.id;
  useEffect(() => {
    if (newest !== undefined && isAtEnd) toEnd(list.current);
  }, [newest, isAtEnd]);
  useEffect(() => {
    // A keyboard that opens, a phone that is turned.
    if (!isAtEnd || !list.current) return;
    const observer = new ResizeObserver(() => toEnd(list.current));
    observer.observe(list.current);
    return () => observer.disconnect();
  }, [isAtEnd]);
  const scrolled = () => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = list.current ?? {};
    setIsAtEnd(scrollHeight - scrollTop - clientHeight < AT_END_PX);
  };
  return (
    <div className={styles.listBox}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reached by keys */}
      <div ref={list} className={styles.list} role="log" aria-label={t('chat.title')} tabIndex={0} onScroll={scrolled}>
        {lines && <p className={`${styles.line} ${styles.notice}`}>{t('chat.hint')}</p>}
        {lines?.map((line) => (
          <Line key={line.id} line={line} onPerson={onPerson} />
        ))}
      </div>
      {!isAtEnd && (
        <button type="button" className={styles.newest} onClick={() => setIsAtEnd(true)}>
          {t('chat.newest')}
        </button>
      )}
    </div>
  );
}

const Line = memo(function Line({ line, onPerson }: { line: ChatLine; onPerson: ((user: RoomMember) => void) | null }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const nameOf = useGiftName();
  switch (line.kind) {
    case 'notice':
      return (
        <p className={`${styles.line} ${styles.notice}`}>
          <b>{t('chat.notice')}</b> {line.text}
        </p>
      );
    case 'joined':
      return (
        <p className={`${styles.line} ${styles.joined}`}>
          {line.others > 0
            ? t('chat.othersCameIn', {
                name: line.user.nickname,
                count: line.others,
                shown: wholeNumber(line.others, language),
              })
            : t('chat.cameIn', { name: line.user.nickname })}
        </p>
      );
    case 'gift':
      return (
        <p className={`${styles.line} ${styles.gift}`}>
          <Name user={line.from} onPerson={onPerson} />{' '}
          {t('chat.gave', { gift: nameOf(line), shown: wholeNumber(line.count, language) })}
        </p>
      );
    default:
      return (
        <p className={styles.line} data-own={line.isOwn}>
          <Name user={line.from} onPerson={onPerson} /> <span className={styles.said}>{line.text}</span>
        </p>
      );
  }
});

function Name({ user, onPerson }: { user: RoomMember; onPerson: ((user: RoomMember) => void) | null }) {
  const { t } = useTranslation();
  const badge = user.role !== 'member' && <span className={styles.badge}>{t(`chat.${user.role}`)}</span>;
  if (!onPerson)
    return (
      <>
        {badge}
        <span className={styles.name}>{user.nickname}</span>
      </>
    );
  return (
    <>
      {badge}
      <button type="button" className={styles.name} onClick={() => onPerson(user)}>
        {user.nickname}
      </button>
    </>
  );
}

function toEnd(element: HTMLElement | null): void {
  if (element) element.scrollTop = element.scrollHeight;
}
