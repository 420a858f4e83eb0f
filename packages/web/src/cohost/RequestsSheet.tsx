import type { CohostSession } from '@lianmai/contract/im';
import type { ImFailure } from '@lianmai/sdk/im';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../account/Avatar.tsx';
import { useSay } from '../app/Toast.tsx';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { CheckIcon, CloseIcon } from '../theme/icons.tsx';
import { Sheet } from '../theme/Sheet.tsx';
import styles from './RequestsSheet.module.css';
import { useAirFailure } from './useSeat.ts';

/** Who wants to come on air, who was invited, and who is there. */
export function RequestsSheet({
  room,
  open,
  onClose,
  onInvite,
}: {
  room: UsedRoom;
  open: boolean;
  onClose(): void;
  onInvite(): void;
}) {
  const { t } = useTranslation();
  const say = useSay();
  const failed = useAirFailure();
  const { session, state } = room;
  const answer = async (one: CohostSession, accept: boolean) => {
    try {
      const admission = await session.call('cohost.respond', { sessionId: one.id, accept });
      session.do({ type: 'asked', session: admission.session });
      if (admission.conference) session.do({ type: 'admitted', join: admission.conference });
    } catch (error) {
      say(failed(error as ImFailure));
    }
  };
  const end = async ({ id, state: now }: CohostSession) => {
    const failure = await session.try(now === 'asking' ? 'cohost.cancel' : 'cohost.kick', { sessionId: id });
    if (failure) say(failed(failure));
  };
  return (
    <Sheet title={t('air.requests')} open={open} onClose={onClose}>
      {state.sessions.length === 0 && (
        <div className={styles.empty}>
          <p className={styles.emptyTitle}>{t('air.noRequests')}</p>
          <p>{t('air.noRequestsText')}</p>
        </div>
      )}
      <ul className={styles.list}>
        {state.sessions.map((one) => (
          <Row key={one.id} one={one} onAnswer={(accept) => void answer(one, accept)} onEnd={() => void end(one)} />
        ))}
      </ul>
      <button type="button" className={`button ${styles.invite}`} onClick={onInvite}>
        {t('air.invite')}
      </button>
    </Sheet>
  );
}

function Row({ one, onAnswer, onEnd }: { one: CohostSession; onAnswer(accept: boolean): void; onEnd(): void }) {
  const { t } = useTranslation();
  const { user, state, askedBy, reason } = one;
  const { nickname: name } = user;
  const asks = state === 'asking' && askedBy === 'user';
  const word = asks
    ? (reason ?? t('air.wants'))
    : t(state === 'asking' ? 'air.waitsFor' : state === 'joining' ? 'air.comes' : 'air.onAir');
  return (
    <li className={styles.row}>
      <Avatar user={user} size={44} />
      <div className={styles.words}>
        <p className={styles.name}>{name}</p>
        <p className={styles.word} role="status">
          {word}
        </p>
      </div>
      {asks ? (
        <>
          <button
            type="button"
            className={`icon-button ${styles.no}`}
            aria-label={t('air.letNotIn', { name })}
            onClick={() => onAnswer(false)}
          >
            <CloseIcon />
          </button>
          <button
            type="button"
            className={`icon-button ${styles.yes}`}
            aria-label={t('air.letIn', { name })}
            onClick={() => onAnswer(true)}
          >
            <CheckIcon />
          </button>
        </>
      ) : (
        <button
          type="button"
          className={`icon-button ${styles.no}`}
          aria-label={state === 'asking' ? t('air.withdraw') : t('air.kickGuest', { name })}
          onClick={onEnd}
        >
          <CloseIcon />
        </button>
      )}
    </li>
  );
}
