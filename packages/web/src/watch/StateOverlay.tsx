import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { codecName } from '../i18n/format.ts';
import type { Player, PlayerSnapshot } from '../player/player.ts';
import { AlertIcon, BroadcastIcon, LockIcon, OfflineIcon, PlayIcon } from '../theme/icons.tsx';
import { NextUp } from './NextUp.tsx';
import styles from './StateOverlay.module.css';

/** So many failures in a row, and the viewer is told more than that it goes on trying. */
const LONG_ATTEMPTS = 3;

/** Over the middle of the video: whatever is to be said when it does not simply play. */
export function StateOverlay({
  player,
  snapshot,
  stream,
  name,
  onLogIn,
}: {
  player: Player | null;
  snapshot: PlayerSnapshot;
  stream: string;
  name: string;
  /** Whoever is logged in may watch, and nobody is. */
  onLogIn?: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const { state, attempt, problem } = snapshot;
  const retry = (
    <button type="button" className="button primary" onClick={() => player?.retry()}>
      {t('app.retry')}
    </button>
  );
  switch (state) {
    case 'playing':
      return null;
    case 'buffering':
      return <Spinner label={t('state.buffering')} />;
    case 'connecting':
      if (attempt < LONG_ATTEMPTS)
        return <Spinner label={t(attempt === 0 ? 'state.connecting' : 'state.reconnecting')} />;
      return (
        <Message
          icon={<AlertIcon size={32} />}
          title={t('state.reconnectingLong')}
          text={<ProblemText snapshot={snapshot} />}
        >
          {retry}
        </Message>
      );
    case 'paused':
      return <BigPlay label={t('watch.play')} onClick={() => player?.play()} />;
    case 'blocked':
      return <BigPlay label={t('state.blockedTitle')} text onClick={() => player?.play()} />;
    case 'interrupted':
      return <Message icon={<Waiting />} title={t('state.interruptedTitle')} text={t('state.interruptedText')} />;
    case 'waiting':
      return (
        <Message icon={<Waiting />} title={t('state.waitingTitle', { name })} text={t('state.waitingText')}>
          <NextUp except={stream} />
        </Message>
      );
    case 'ended':
      return (
        <Message icon={<BroadcastIcon size={32} />} title={t('state.endedTitle')} text={t('state.endedText')}>
          <NextUp except={stream} />
        </Message>
      );
    case 'offline':
      return <Message icon={<OfflineIcon size={32} />} title={t('state.offlineTitle')} text={t('state.offlineText')} />;
    case 'failed':
      if (onLogIn && (problem?.reason === 'forbidden' || problem?.reason === 'expired'))
        return (
          <Message icon={<LockIcon size={32} />} title={t('state.membersTitle')} text={t('state.membersText')}>
            <button type="button" className="button primary" onClick={onLogIn}>
              {t('account.logIn')}
            </button>
          </Message>
        );
      return (
        <Message
          icon={<AlertIcon size={32} />}
          title={t('state.failedTitle')}
          text={<ProblemText snapshot={snapshot} />}
        >
          {retry}
        </Message>
      );
  }
}

/** The state in a word or two, for screen readers. */
export function StateAnnouncement({ snapshot, name }: { snapshot: PlayerSnapshot; name: string }) {
  const { t } = useTranslation();
  const { state, attempt, problem } = snapshot;
  const words: Record<PlayerSnapshot['state'], string> = {
    waiting: t('state.waitingTitle', { name }),
    connecting: t(attempt === 0 ? 'state.connecting' : 'state.reconnecting'),
    playing: t('state.playing'),
    paused: t('state.paused'),
    buffering: t('state.buffering'),
    blocked: t('state.blockedTitle'),
    interrupted: t('state.interruptedTitle'),
    ended: t('state.endedTitle'),
    offline: t('state.offlineTitle'),
    failed: problem ? t(`problem.${problem.reason}`, { codec: codecName(problem.detail) }) : t('state.failedTitle'),
  };
  return (
    <p className="unseen" role="status">
      {words[state]}
    </p>
  );
}

function ProblemText({ snapshot: { problem } }: { snapshot: PlayerSnapshot }) {
  const { t } = useTranslation();
  return problem && t(`problem.${problem.reason}`, { codec: codecName(problem.detail) });
}

function Message({
  icon,
  title,
  text,
  children,
}: {
  icon: ReactNode;
  title: string;
  text: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className={styles.message}>
      <div className={styles.icon}>{icon}</div>
      <h2 className={styles.title}>{title}</h2>
      {text && <p className={styles.text}>{text}</p>}
      {children}
    </div>
  );
}

function Spinner({ label }: { label: string }) {
  return (
    <div className={styles.spinner}>
      <span className={styles.wheel} />
      <span className={styles.label}>{label}</span>
    </div>
  );
}

function Waiting() {
  return (
    <span className={styles.waiting}>
      <BroadcastIcon size={32} />
    </span>
  );
}

function BigPlay({ label, text = false, onClick }: { label: string; text?: boolean; onClick(): void }) {
  return (
    <div className={styles.spinner}>
      <button type="button" className={styles.play} aria-label={label} onClick={onClick}>
        <PlayIcon size={40} />
      </button>
      {text && <span className={styles.label}>{label}</span>}
    </div>
  );
}
