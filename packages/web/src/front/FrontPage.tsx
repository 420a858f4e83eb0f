import type { LiveChannel, Room } from '@lianmai/contract/rest';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Header } from '../app/Header.tsx';
import { Notice } from '../app/Notice.tsx';
import { useLanguage } from '../app/useLanguage.ts';
import { useTitle } from '../app/useTitle.ts';
import { wholeNumber } from '../i18n/format.ts';
import { type Answer, type AskFailure, fetchLiveList } from '../live/api.ts';
import type { PollSnapshot } from '../live/poll.ts';
import { usePoll } from '../live/usePoll.ts';
import { fetchRooms } from '../room/api.ts';
import { AlertIcon, OfflineIcon, SearchIcon } from '../theme/icons.tsx';
import { ChannelCard, ChannelCardSkeleton } from './ChannelCard.tsx';
import styles from './FrontPage.module.css';
import { NobodyLive } from './NobodyLive.tsx';
import { RoomCard } from './RoomCard.tsx';
import { SearchField } from './SearchField.tsx';

/** Who is live: people's rooms, and channels that have none. */
interface LiveList {
  rooms: readonly Room[];
  channels: readonly LiveChannel[];
}

const everyMs = ({ failure }: PollSnapshot<LiveList>) => (failure ? 3_000 : 5_000);
/** Typing goes on for so long before it is looked for. */
const TYPING_MS = 250;

/** Who is live now. */
export function FrontPage() {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const search = useSettled(typed.trim());
  const { snapshot: shown, askNow } = useLiveList(search);
  useTitle(null);
  const isEmpty = shown.value && count(shown.value) === 0 && search === '' && typed === '';
  return (
    <div className={styles.page} data-scrolls>
      <Header start />
      <main className={styles.main}>
        {!isEmpty && (
          <div className={styles.head}>
            <h1>{t('front.title')}</h1>
            {shown.value && <Count list={shown.value} />}
            <div className={styles.search}>
              <SearchField value={typed} onChange={setTyped} />
            </div>
          </div>
        )}
        <Content snapshot={shown} search={search} askNow={askNow} />
      </main>
    </div>
  );
}

function Content({
  snapshot: { value, failure },
  search,
  askNow,
}: {
  snapshot: PollSnapshot<LiveList>;
  search: string;
  askNow(): void;
}) {
  const { t } = useTranslation();
  if (value === undefined) return failure ? <NoList failure={failure} askNow={askNow} /> : <Loading />;
  if (count(value) === 0 && search === '')
    return failure ? <NoList failure={failure} askNow={askNow} /> : <NobodyLive />;
  return (
    <>
      {failure && <Stale failure={failure} />}
      {count(value) === 0 ? (
        <Notice icon={<SearchIcon size={32} />} title={t('front.noMatch', { search })} text={t('front.noMatchText')} />
      ) : (
        <Cards list={value} alone={search === ''} />
      )}
    </>
  );
}

function Cards({ list, alone }: { list: LiveList; alone: boolean }) {
  const wide = alone && count(list) === 1;
  return (
    <ul className={wide ? styles.alone : styles.grid}>
      {list.rooms.map((room) => (
        <li key={room.id} className={styles.item}>
          <RoomCard room={room} wide={wide} />
        </li>
      ))}
      {list.channels.map((live) => (
        <li key={live.stream} className={styles.item}>
          <ChannelCard live={live} wide={wide} />
        </li>
      ))}
    </ul>
  );
}

function Count({ list }: { list: LiveList }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const live = count(list);
  return <span className={styles.count}>{t('front.count', { count: live, shown: wholeNumber(live, language) })}</span>;
}

function Loading() {
  const { t } = useTranslation();
  return (
    <>
      <p className="unseen" role="status">
        {t('front.loading')}
      </p>
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

const count = ({ rooms, channels }: LiveList) => rooms.length + channels.length;

function useLiveList(search: string): { snapshot: PollSnapshot<LiveList>; askNow(): void } {
  const ask = useCallback((signal: AbortSignal) => fetchLive(search, signal), [search]);
  const { snapshot, askNow } = usePoll(ask, everyMs);
  // While another search is under way, the last list stays.
  const last = useRef<LiveList>(undefined);
  if (snapshot.value) last.current = snapshot.value;
  return { snapshot: { value: last.current, failure: snapshot.failure }, askNow };
}

async function fetchLive(search: string, signal: AbortSignal): Promise<Answer<LiveList>> {
  const [rooms, channels] = await Promise.all([fetchRooms(search, signal), fetchLiveList(signal)]);
  if (!rooms.ok) return rooms;
  if (!channels.ok) return channels;
  const ofRooms = new Set(rooms.value.map(({ channel }) => channel.stream));
  const wanted = search.toLocaleLowerCase();
  const others = channels.value.filter(
    ({ stream, name }) => !ofRooms.has(stream) && `${name}\n${stream}`.toLocaleLowerCase().includes(wanted),
  );
  return { ok: true, value: { rooms: rooms.value, channels: others } };
}

/** The value once it stays the same for a while. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), value === '' ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
