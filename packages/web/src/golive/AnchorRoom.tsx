import type { RoomMember } from '@lianmai/contract/im';
import type { Room } from '@lianmai/contract/rest';
import type { ImFailure } from '@lianmai/sdk/im';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSay } from '../app/Toast.tsx';
import { useWakeLock } from '../app/useWakeLock.ts';
import { useWarnBeforeUnload } from '../app/useWarnBeforeUnload.ts';
import { ChatInput } from '../chat/ChatInput.tsx';
import { ChatList } from '../chat/ChatList.tsx';
import { ChatTrouble } from '../chat/ChatTrouble.tsx';
import type { LivelinessHandle } from '../chat/Liveliness.tsx';
import { MixTrouble } from '../cohost/MixTrouble.tsx';
import { RequestsSheet } from '../cohost/RequestsSheet.tsx';
import { useAirFailure } from '../cohost/useSeat.ts';
import { type UsedTalk, useTalk } from '../cohost/useTalk.ts';
import { CameraButton, MicrophoneButton, RoundButton } from '../devices/MediaButtons.tsx';
import type { UsedMedia } from '../devices/useLocalMedia.ts';
import { PkBanner } from '../pk/PkBanner.tsx';
import { PkPicker } from '../pk/PkPicker.tsx';
import { usePk, usePkNews } from '../pk/usePk.ts';
import { closeRoom, ownRoom } from '../room/api.ts';
import { PeopleSheet } from '../room/PeopleSheet.tsx';
import { RailButton, RoomFrame, Talk } from '../room/RoomFrame.tsx';
import { RoomHead } from '../room/RoomHead.tsx';
import { isBattling, type RoomState } from '../room/room-state.ts';
import { type UsedRoom, useRoomEvents, useRoomSession } from '../room/useRoomSession.ts';
import { BattleIcon, LeaveIcon, MoreIcon, PeopleIcon, SeatIcon } from '../theme/icons.tsx';
import styles from './AnchorRoom.module.css';
import { AnchorStage } from './AnchorStage.tsx';
import { EndSheet } from './EndSheet.tsx';
import { ToolsSheet } from './ToolsSheet.tsx';
import { useBroadcast } from './useBroadcast.ts';
import { usePulse } from './usePulse.ts';

type SheetName = 'requests' | 'people' | 'pk' | 'tools' | 'end';

/** A room as its anchor sees it, while it is open. @param used null: an encoder sends the picture. */
export function AnchorRoom({
  room: opened,
  used,
  onOver,
}: {
  room: Room;
  used: UsedMedia | null;
  onOver(closed: Room): void;
}) {
  const { t } = useTranslation();
  const say = useSay();
  const failed = useAirFailure();
  const hearts = useRef<LivelinessHandle>(null);
  const [sheet, setSheet] = useState<SheetName | null>(null);
  const [mirrored, setMirrored] = useState(true);
  const inRoom = useRoomSession(opened.id);
  const pulse = usePulse(opened.id);
  const broadcast = useBroadcast(opened, used?.media ?? null);
  const { state } = inRoom ?? {};
  const room: Room = {
    ...opened,
    ...state?.room,
    channel: opened.channel,
    state: pulse?.state ?? state?.room?.state ?? opened.state,
    viewers: state?.room ? state.viewers : (pulse?.viewers ?? 0),
    likes: Math.max(state?.likes ?? 0, pulse?.likes ?? 0),
  };
  useClosing(room, state?.closed ?? null, onOver);
  useWakeLock();
  useWarnBeforeUnload(used !== null);
  const requests = state?.sessions.filter((one) => one.state === 'asking' && one.askedBy === 'user').length ?? 0;
  const isBusy = (state?.sessions.length ?? 0) > 0 || isBattling(state?.pk ?? null);
  const close = () => setSheet(null);

  const invite = async ({ userId, nickname }: RoomMember) => {
    try {
      const { session } = await inRoom!.session.call('cohost.invite', { roomId: room.id, userId });
      inRoom?.session.do({ type: 'asked', session });
      say(t('air.inviteSent', { name: nickname }));
      close();
    } catch (error) {
      say(failed(error as ImFailure));
    }
  };
  const end = async () => {
    const answer = await closeRoom(room.id);
    if (!answer.ok) return say(t('air.failed'));
    const closed = await ownRoom(room.id);
    onOver(closed.ok ? closed.value : room);
  };
  return (
    <>
      <RoomFrame
        isSending={used !== null}
        stage={
          <WithTalk inRoom={inRoom} nickname={room.anchor.nickname}>
            {(talk) => (
              <AnchorStage
                room={room}
                inRoom={inRoom}
                used={used}
                talk={talk}
                broadcast={broadcast}
                pulse={pulse}
                mirrored={mirrored}
                hearts={hearts}
                onPeople={() => setSheet('people')}
                onEnd={() => setSheet('end')}
              />
            )}
          </WithTalk>
        }
        talk={
          <Talk
            head={<RoomHead room={room} onPeople={() => setSheet('people')} />}
            list={<ChatList lines={state?.lines ?? []} onPerson={() => setSheet('people')} />}
            above={
              <>
                {inRoom && !inRoom.isOnline && <ChatTrouble />}
                {state?.mixProblem && <MixTrouble />}
                {inRoom && <PkArea inRoom={inRoom} />}
                <div className={styles.bar} role="toolbar" aria-label={t('watch.controls')}>
                  {used && <MicrophoneButton used={used} />}
                  {used && <CameraButton used={used} />}
                  <span className={styles.space} />
                  <RoundButton
                    icon={<LeaveIcon />}
                    label={t('golive.end')}
                    kind="leave"
                    onClick={() => setSheet('end')}
                  />
                </div>
              </>
            }
            rail={
              <>
                <RailButton
                  label={t('air.requests')}
                  word={t('air.requests')}
                  badge={requests}
                  onClick={() => setSheet('requests')}
                >
                  <SeatIcon />
                </RailButton>
                <RailButton label={t('room.viewers')} word={t('room.viewers')} onClick={() => setSheet('people')}>
                  <PeopleIcon />
                </RailButton>
                <RailButton label={t('pk.title')} word={t('pk.title')} onClick={() => setSheet('pk')}>
                  <BattleIcon />
                </RailButton>
                <RailButton label={t('golive.tools')} word={t('golive.tools')} onClick={() => setSheet('tools')}>
                  <MoreIcon />
                </RailButton>
              </>
            }
            input={
              <ChatInput
                onSend={async (text, kind) =>
                  inRoom ? inRoom.session.try('room.send', { roomId: room.id, kind, body: text }) : null
                }
              />
            }
          />
        }
      />
      {inRoom && (
        <>
          <RequestsSheet
            room={inRoom}
            open={sheet === 'requests'}
            onClose={close}
            onInvite={() => setSheet('people')}
          />
          <PeopleSheet
            room={inRoom}
            open={sheet === 'people'}
            onClose={close}
            onSaid={say}
            onInvite={(user) => void invite(user)}
          />
          <PkPicker room={inRoom} open={sheet === 'pk'} isBusy={isBusy} onClose={close} />
        </>
      )}
      <ToolsSheet
        room={room}
        inRoom={inRoom}
        used={used}
        open={sheet === 'tools'}
        mirrored={mirrored}
        onMirrored={setMirrored}
        onClose={close}
      />
      <EndSheet viewers={room.viewers} open={sheet === 'end'} onClose={close} onEnd={() => void end()} />
      {inRoom && <GuestNews inRoom={inRoom} />}
    </>
  );
}

/** A talk is only there with the room. */
function WithTalk({ inRoom, ...rest }: { inRoom: UsedRoom | null; nickname: string; children: ShowTalk }) {
  return inRoom ? <Talking inRoom={inRoom} {...rest} /> : rest.children(null);
}

function Talking({ inRoom, nickname, children }: { inRoom: UsedRoom; nickname: string; children: ShowTalk }) {
  return children(useTalk(inRoom, nickname, null));
}

type ShowTalk = (talk: UsedTalk | null) => ReactNode;

function PkArea({ inRoom }: { inRoom: UsedRoom }) {
  const pk = usePk(inRoom);
  usePkNews(inRoom);
  return <PkBanner pk={pk} isOn={isBattling(inRoom.state.pk)} />;
}

/** How invitations went, and who came and left, in passing. */
function GuestNews({ inRoom }: { inRoom: UsedRoom }) {
  const { t } = useTranslation();
  const say = useSay();
  useRoomEvents(inRoom, ({ name, params }) => {
    if (name === 'cohost.answered' && !params.accepted) say(t('air.saidNo', { name: params.session.user.nickname }));
    if (name === 'cohost.started') say(t('call.hasJoined', { name: params.session.user.nickname }));
    if (name !== 'cohost.ended') return;
    const { endReason, askedBy, user } = params.session;
    if (endReason === 'left' || endReason === 'lost') say(t('call.hasLeft', { name: user.nickname }));
    if (endReason === 'timed-out' && askedBy === 'anchor') say(t('air.noAnswer', { name: user.nickname }));
  });
  return null;
}

/** Closed by somebody else, or in another tab: the summary comes from the server, or is what was heard. */
function useClosing(room: Room, heard: RoomState['closed'], onOver: (closed: Room) => void): void {
  const over = useRef(onOver);
  over.current = onOver;
  const known = useRef(room);
  known.current = { ...room, state: 'closed', ...(heard && { closeReason: heard.reason, summary: heard.summary }) };
  const isClosed = heard !== null || room.state === 'closed';
  useEffect(() => {
    if (!isClosed) return;
    let isCurrent = true;
    void ownRoom(known.current.id).then(
      (answer) => isCurrent && over.current(answer.ok ? answer.value : known.current),
    );
    return () => {
      isCurrent = false;
    };
  }, [isClosed]);
}
