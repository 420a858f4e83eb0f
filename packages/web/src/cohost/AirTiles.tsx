import type { CSSProperties, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MemberView } from '../conference/call-session.ts';
import { QualityBars } from '../conference/QualityBars.tsx';
import { RemoteVideo } from '../conference/RemoteVideo.tsx';
import { Cover, Portrait } from '../front/Cover.tsx';
import { MicrophoneOffIcon } from '../theme/icons.tsx';
import styles from './AirTiles.module.css';

/** More stand in another column. */
const MOST_ROWS = 4;

/** The others on air: one fills the stage when it is `first`, the rest stand at the side. */
export function AirTiles({
  members,
  first,
  actions,
}: {
  members: readonly MemberView[];
  /** Who fills the stage; null: nobody, something else does. */
  first: string | null;
  /** What can be done about one of them. */
  actions?(member: MemberView): ReactNode;
}) {
  const main = members.find(({ userId }) => userId === first);
  const rest = members.filter(({ userId }) => userId !== first);
  return (
    <>
      {main && (
        <div className={styles.main}>
          <Picture member={main} portrait={96} />
        </div>
      )}
      {rest.length > 0 && (
        <ul
          className={styles.side}
          data-beside={first === null ? 'picture' : 'self'}
          style={{ '--rows': Math.min(rest.length, MOST_ROWS) } as CSSProperties}
        >
          {rest.map((member) => (
            <li key={member.userId} className={styles.tile} data-speaking={member.speaking}>
              <Picture member={member} portrait={44} />
              <Foot member={member} />
              {actions && <div className={styles.actions}>{actions(member)}</div>}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Somebody's picture, or what stands in for it; fills its box. */
export function Picture({ member, portrait }: { member: MemberView; portrait: number }) {
  const { t } = useTranslation();
  const { userId, nickname, state, media } = member;
  const hidden = state !== 'picture' && state !== 'reconnecting' && state !== 'gone';
  const word = state === 'picture' || state === 'camera-off' ? null : t(`call.${state}`);
  return (
    <div className={styles.picture} data-member={nickname} data-state={state}>
      <div className={styles.backdrop}>
        <Cover stream={userId} name={nickname} plain />
      </div>
      <RemoteVideo className={styles.video} media={media} hidden={hidden} whole={false} />
      {hidden && (
        <div className={styles.portrait}>
          <Portrait stream={userId} name={nickname} size={portrait} />
        </div>
      )}
      {word && <p className={styles.word}>{word}</p>}
    </div>
  );
}

function Foot({ member: { nickname, muted, bars, speaking } }: { member: MemberView }) {
  const { t } = useTranslation();
  return (
    <div className={styles.foot}>
      {muted.audio && (
        <span className={styles.muted}>
          <MicrophoneOffIcon size={14} />
          <span className="unseen">{t('call.muted')}</span>
        </span>
      )}
      <span className={styles.name}>{nickname}</span>
      <QualityBars bars={bars} />
      {speaking && <span className="unseen">{t('call.speaking')}</span>}
    </div>
  );
}
