import type { LiveChannel } from '@lianmai/contract/rest';
import { useTranslation } from 'react-i18next';
import { Header } from '../app/Header.tsx';
import { Notice } from '../app/Notice.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { useTitle } from '../app/useTitle.ts';
import { wholeNumber } from '../i18n/format.ts';
import { type AskFailure, fetchLiveList } from '../live/api.ts';
import type { PollSnapshot } from '../live/poll.ts';
import { usePoll } from '../live/usePoll.ts';
import { AlertIcon, OfflineIcon } from '../theme/icons.tsx';
import { ChannelCard, ChannelCardSkeleton } from './ChannelCard.tsx';
import styles from './FrontPage.module.css';
import { NobodyLive } from './NobodyLive.tsx';

const everyMs = ({ failure }: PollSnapshot<LiveChannel[]>) => (failure ? 3_000 : 5_000);

/** Who is live now. */
export function FrontPage() {
  const { snapshot, askNow } = usePoll(fetchLiveList, everyMs);
  useTitle(null);
  return (
    <div className={styles.page} data-scrolls>
      <Header call />
      <main className={styles.main}>
        <Content snapshot={snapshot} askNow={askNow} />
      </main>
    </div>
  );
}

function Content({ snapshot: { value, failure }, askNow }: { snapshot: PollSnapshot<LiveChannel[]>; askNow(): void }) {
  if (value === undefined) return failure ? <NoList failure={failure} askNow={askNow} /> : <Loading />;
  if (value.length === 0 && !failure) return <NobodyLive />;
  return (
    <>
      {failure && <Stale failure={failure} />}
      <Channels list={value} />
    </>
  );
}

function Channels({ list }: { list: readonly LiveChannel[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <>
      <div className={styles.head}>
        <h1>{t('front.title')}</h1>
        <span className={styles.count}>
          {t('front.count', { count: list.length, shown: wholeNumber(list.length, language) })}
        </span>
      </div>
      <ul className={list.length === 1 ? styles.alone : styles.grid}>
        {list.map((live) => (
          <li key={live.stream} className={styles.item}>
            <ChannelCard live={live} wide={list.length === 1} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Loading() {
  const { t } = useTranslation();
  return (
    <>
      <div className={styles.head}>
        <h1>{t('front.title')}</h1>
        <span className="unseen" role="status">
          {t('front.loading')}
        </span>
      </div>
      <div className={styles.grid}>
        {['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => (
          <ChannelCardSkeleton key={key} />
        ))}
      </div>
    </>
  );
}

function NoList({ failure, askNow }: { failure: AskFailure; askNow(): void }) {
  const { t } = useTranslation();
  if (failure.kind === 'offline') {
    return <Notice icon={<OfflineIcon size={32} />} title={t('front.offlineTitle')} text={t('front.offlineText')} />;
  }
  const text =
    failure.kind === 'refused'
      ? t('front.errorRefused', { status: failure.status, message: failure.message })
      : t('front.errorUnreachable');
  return (
    <Notice icon={<AlertIcon size={32} />} title={t('front.errorTitle')} text={text}>
      <button type="button" className="button primary" onClick={askNow}>
        {t('app.retry')}
      </button>
    </Notice>
  );
}

function Stale({ failure }: { failure: AskFailure }) {
  const { t } = useTranslation();
  return (
    <p className={styles.stale} role="status">
      {failure.kind === 'offline' ? <OfflineIcon size={20} /> : <AlertIcon size={20} />}
      {t(failure.kind === 'offline' ? 'front.staleOffline' : 'front.staleUnreachable')}
    </p>
  );
}
