import { useTranslation } from 'react-i18next';
import { useSay } from '../app/Toast.tsx';
import type { MemberView } from '../conference/call-session.ts';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { CloseIcon, MicrophoneIcon, MicrophoneOffIcon } from '../theme/icons.tsx';
import styles from './GuestActions.module.css';
import { useAirFailure } from './useSeat.ts';
import type { UsedTalk } from './useTalk.ts';

/** What an anchor may do about a guest: mute it, and take it off air. */
export function GuestActions({ member, room, talk }: { member: MemberView; room: UsedRoom; talk: UsedTalk }) {
  const { t } = useTranslation();
  const say = useSay();
  const failed = useAirFailure();
  const { userId, nickname: name, muted } = member;
  const own = room.state.sessions.find(({ user }) => user.userId === userId);
  const kick = async (sessionId: string) => {
    const failure = await room.session.try('cohost.kick', { sessionId });
    if (failure) say(failed(failure));
  };
  return (
    <>
      <button
        type="button"
        className={`icon-button ${styles.act}`}
        aria-label={t(muted.audio ? 'air.unmuteGuest' : 'air.muteGuest', { name })}
        onClick={() => talk.session.mute(userId, { audio: !muted.audio })}
      >
        {muted.audio ? <MicrophoneOffIcon size={18} /> : <MicrophoneIcon size={18} />}
      </button>
      {own && (
        <button
          type="button"
          className={`icon-button ${styles.act}`}
          aria-label={t('air.kickGuest', { name })}
          onClick={() => void kick(own.id)}
        >
          <CloseIcon size={18} />
        </button>
      )}
    </>
  );
}
