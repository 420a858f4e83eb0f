import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Muted } from '../conference/api.ts';
import type { MemberView } from '../conference/call-session.ts';
import { QualityBars } from '../conference/QualityBars.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { Portrait } from '../front/Cover.tsx';
import type { Bars } from '../rtc/quality.ts';
import { CameraIcon, CameraOffIcon, CloseIcon, MicrophoneIcon, MicrophoneOffIcon } from '../theme/icons.tsx';
import { Question } from '../theme/Question.tsx';
import { Sheet } from '../theme/Sheet.tsx';
import styles from './PeopleSheet.module.css';
import type { UsedCall } from './useCall.ts';

/** Who is in the call; for the owner, with what only the owner may do. */
export function PeopleSheet({
  call: { session, snapshot },
  used,
  open,
  onClose,
}: {
  call: UsedCall;
  used: UsedMedia;
  open: boolean;
  onClose(): void;
}) {
  const { t } = useTranslation();
  const { self, others } = snapshot;
  return (
    <Sheet title={t('call.people')} open={open} onClose={onClose}>
      <ul className={styles.list}>
        <Row
          seed={self.nickname}
          name={t('call.you', { name: self.nickname })}
          owner={self.owner}
          bars={self.bars}
          muted={used.media.muted}
        />
        {others.map((member) =>
          self.owner ? (
            <OwnersRow key={member.userId} member={member} session={session} />
          ) : (
            <Row
              key={member.userId}
              seed={member.userId}
              name={member.nickname}
              owner={member.owner}
              bars={member.bars}
              muted={member.muted}
            />
          ),
        )}
      </ul>
    </Sheet>
  );
}

function Row({
  seed,
  name,
  owner,
  bars,
  muted,
  children,
}: {
  seed: string;
  name: string;
  owner: boolean;
  bars: Bars | null;
  muted: Muted;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <li className={styles.row}>
      <Portrait stream={seed} name={name} size={36} />
      <span className={styles.words}>
        <span className={styles.name}>{name}</span>
        {owner && <span className={styles.about}>{t('call.owner')}</span>}
      </span>
      <QualityBars bars={bars} />
      {children ?? (
        <>
          {muted.audio && (
            <span className={styles.mark}>
              <MicrophoneOffIcon size={20} />
              <span className="unseen">{t('call.muted')}</span>
            </span>
          )}
          {muted.video && (
            <span className={styles.mark}>
              <CameraOffIcon size={20} />
              <span className="unseen">{t('call.cameraIsOff')}</span>
            </span>
          )}
        </>
      )}
    </li>
  );
}

function OwnersRow({ member, session }: { member: MemberView; session: UsedCall['session'] }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const { userId, nickname: name, owner, bars, muted } = member;
  if (asking)
    return (
      <li>
        <Question
          text={t('call.kickSure', { name })}
          yes={t('call.kickYes')}
          no={t('call.kickNo')}
          onYes={() => session.kick(userId)}
          onNo={() => setAsking(false)}
        />
      </li>
    );
  return (
    <Row seed={userId} name={name} owner={owner} bars={bars} muted={muted}>
      <span className={styles.actions}>
        <IconButton
          label={t(muted.audio ? 'call.unmuteSound' : 'call.muteSound', { name })}
          off={muted.audio}
          icon={muted.audio ? <MicrophoneOffIcon size={20} /> : <MicrophoneIcon size={20} />}
          onClick={() => session.mute(userId, { audio: !muted.audio })}
        />
        <IconButton
          label={t(muted.video ? 'call.unmutePicture' : 'call.mutePicture', { name })}
          off={muted.video}
          icon={muted.video ? <CameraOffIcon size={20} /> : <CameraIcon size={20} />}
          onClick={() => session.mute(userId, { video: !muted.video })}
        />
        <IconButton
          label={t('call.kick', { name })}
          off={false}
          icon={<CloseIcon size={20} />}
          onClick={() => setAsking(true)}
        />
      </span>
    </Row>
  );
}

function IconButton({ label, off, icon, onClick }: { label: string; off: boolean; icon: ReactNode; onClick(): void }) {
  return (
    <button
      type="button"
      className={`icon-button ${off ? styles.off : ''}`}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      {icon}
    </button>
  );
}
