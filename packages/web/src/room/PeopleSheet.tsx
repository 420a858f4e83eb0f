import type { RoomMember } from '@lianmai/contract/im';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../account/Avatar.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { wholeNumber } from '../i18n/format.ts';
import { Question } from '../theme/Question.tsx';
import { Sheet } from '../theme/Sheet.tsx';
import styles from './PeopleSheet.module.css';
import type { UsedRoom } from './useRoomSession.ts';

/** Who is in the room; for the anchor and moderators with what they may do about it. */
export function PeopleSheet({
  room,
  open,
  onClose,
  onSaid,
  onInvite,
}: {
  room: UsedRoom;
  open: boolean;
  onClose(): void;
  onSaid(text: string): void;
  /** For anchors: asks somebody to come on air. */
  onInvite?(user: RoomMember): void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { session, state } = room;
  useEffect(() => {
    if (!open) return;
    session.call('room.members', { roomId: session.roomId, limit: 100 }).then(
      (page) => session.do({ type: 'members', page }),
      () => undefined,
    );
  }, [open, session]);
  const isLead = state.role !== 'member';
  const more = state.memberCount - state.members.length;
  const others = state.members.filter(({ userId }) => userId !== state.selfId);
  return (
    <Sheet title={t('room.viewers')} open={open} onClose={onClose}>
      {others.length === 0 && <p className={styles.empty}>{t('room.nobodyHere')}</p>}
      <ul className={styles.people}>
        {others.map((user) => (
          <Person key={user.userId} user={user} room={room} isLead={isLead} onSaid={onSaid} onInvite={onInvite} />
        ))}
      </ul>
      {more > 0 && <p className={styles.more}>{t('room.more', { count: more, shown: wholeNumber(more, language) })}</p>}
    </Sheet>
  );
}

function Person({
  user,
  room: { session, state },
  isLead,
  onSaid,
  onInvite,
}: {
  user: RoomMember;
  room: UsedRoom;
  isLead: boolean;
  onSaid(text: string): void;
  onInvite: ((user: RoomMember) => void) | undefined;
}) {
  const { t } = useTranslation();
  const [isMuted, setIsMuted] = useState(false);
  const [isAsked, setIsAsked] = useState(false);
  const { roomId } = session;
  const { userId, nickname } = user;
  const mayLead = isLead && user.role === 'member';
  const hasSession = state.sessions.some((one) => one.user.userId === userId);
  const turn = async () => {
    const failure = await session.try(isMuted ? 'room.unmute' : 'room.mute', { roomId, userId });
    if (failure) onSaid(failure.message);
    else setIsMuted(!isMuted);
  };
  const kick = async () => {
    setIsAsked(false);
    const failure = await session.try('room.kick', { roomId, userId });
    if (failure) onSaid(failure.message);
  };
  if (isAsked)
    return (
      <li>
        <Question
          text={t('room.kickSure', { name: nickname })}
          yes={t('room.kickYes')}
          no={t('room.kickNo')}
          onYes={() => void kick()}
          onNo={() => setIsAsked(false)}
        />
      </li>
    );
  return (
    <li className={styles.person}>
      <Avatar user={user} size={40} />
      <span className={styles.name}>
        {nickname}
        {user.role !== 'member' && <span className={styles.role}>{t(`chat.${user.role}`)}</span>}
      </span>
      {mayLead && (
        <span className={styles.acts}>
          {onInvite && !hasSession && (
            <button type="button" className={styles.act} onClick={() => onInvite(user)}>
              {t('air.invite')}
            </button>
          )}
          <button type="button" className={styles.act} onClick={() => void turn()}>
            {t(isMuted ? 'room.unmute' : 'room.mute')}
          </button>
          <button type="button" className={styles.act} onClick={() => setIsAsked(true)}>
            {t('room.kick')}
          </button>
        </span>
      )}
    </li>
  );
}
