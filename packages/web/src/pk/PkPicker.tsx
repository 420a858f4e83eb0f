import type { Room } from '@lianmai/contract/rest';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../account/Avatar.tsx';
import { ViewerCount } from '../front/ViewerCount.tsx';
import { usePoll } from '../live/usePoll.ts';
import { fetchRooms } from '../room/api.ts';
import type { UsedRoom } from '../room/useRoomSession.ts';
import { Sheet } from '../theme/Sheet.tsx';
import styles from './PkPicker.module.css';
import { type Pk, usePk } from './usePk.ts';

/** Other anchors who are live, to battle with. */
export function PkPicker({
  room,
  open,
  isBusy,
  onClose,
}: {
  room: UsedRoom;
  open: boolean;
  /** Guests are on air, or about to be, or a battle is on: none begins. */
  isBusy: boolean;
  onClose(): void;
}) {
  const { t } = useTranslation();
  const pk = usePk(room);
  return (
    <Sheet title={t('pk.pick')} open={open} onClose={onClose}>
      {isBusy ? (
        <p className={styles.empty}>{t('pk.busy')}</p>
      ) : (
        <Rooms own={room.session.roomId} pk={pk} onClose={onClose} />
      )}
    </Sheet>
  );
}

const all = (signal: AbortSignal) => fetchRooms('', signal);
const everyMs = () => 5_000;

function Rooms({ own, pk, onClose }: { own: string; pk: Pk; onClose(): void }) {
  const { t } = useTranslation();
  const { snapshot } = usePoll<Room[]>(all, everyMs);
  const rooms = snapshot.value?.filter(({ id, state }) => id !== own && state === 'live');
  const challenge = async (id: string) => {
    if (await pk.invite(id)) onClose();
  };
  return (
    <>
      {!rooms && (
        <div className={styles.empty} role="status">
          <p>
            {snapshot.failure
              ? t(snapshot.failure.kind === 'offline' ? 'front.offlineTitle' : 'front.errorUnreachable')
              : t('front.loading')}
          </p>
        </div>
      )}
      {rooms?.length === 0 && (
        <div className={styles.empty}>
          <p className={styles.emptyTitle}>{t('pk.nobody')}</p>
          <p>{t('pk.nobodyText')}</p>
        </div>
      )}
      <ul className={styles.list}>
        {rooms?.map(({ id, anchor, title, viewers }) => (
          <li key={id} className={styles.row}>
            <Avatar user={anchor} size={44} />
            <div className={styles.words}>
              <p className={styles.name}>{anchor.nickname}</p>
              <p className={styles.title}>
                <ViewerCount count={viewers} />
                <span className={styles.about}>{title}</span>
              </p>
            </div>
            <button
              type="button"
              className="button primary"
              aria-label={t('pk.inviteName', { name: anchor.nickname })}
              onClick={() => void challenge(id)}
            >
              {t('pk.invite')}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
