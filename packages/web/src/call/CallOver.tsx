import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { Header } from '../app/Header.tsx';
import { Notice } from '../app/Notice.tsx';
import type { CallEnd, CallSnapshot } from '../conference/call-session.ts';
import { AlertIcon, LeaveIcon, PeopleIcon } from '../theme/icons.tsx';
import styles from './CallOver.module.css';
import { randomConference } from './conference-id.ts';

const WORDS = {
  left: ['call.endLeft', 'call.endLeftText'],
  kicked: ['call.endKicked', 'call.endKickedText'],
  ended: ['call.endEnded', 'call.endEndedText'],
  full: ['call.endFull', 'call.endFullText'],
} as const;

/** After a call, or instead of one: why, and where to go. */
export function CallOver({ end, onRejoin }: { end: NonNullable<CallSnapshot['end']>; onRejoin(): void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [title, text] =
    end.reason === 'closed' ? [t('call.endClosed'), end.message] : [t(WORDS[end.reason][0]), t(WORDS[end.reason][1])];
  const mayComeBack = end.reason === 'left' || end.reason === 'full';
  return (
    <div className={styles.page}>
      <Header />
      <main className={styles.main}>
        <Notice icon={<EndIcon reason={end.reason} />} title={title} text={text}>
          <div className={styles.ways}>
            {mayComeBack ? (
              <button type="button" className="button primary" onClick={onRejoin}>
                {t(end.reason === 'full' ? 'app.retry' : 'call.rejoin')}
              </button>
            ) : (
              <button type="button" className="button primary" onClick={() => navigate(`/call/${randomConference()}`)}>
                {t('call.another')}
              </button>
            )}
            <Link href="/" className="button">
              {t('app.toFront')}
            </Link>
          </div>
        </Notice>
      </main>
    </div>
  );
}

function EndIcon({ reason }: { reason: CallEnd }) {
  if (reason === 'full') return <PeopleIcon size={32} />;
  return reason === 'closed' || reason === 'kicked' ? <AlertIcon size={32} /> : <LeaveIcon size={32} />;
}
