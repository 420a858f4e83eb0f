import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useTitle } from '../app/useTitle.ts';
import type { CallSnapshot } from '../conference/call-session.ts';
import { useLocalMedia } from '../devices/useLocalMedia.ts';
import { CallOver } from './CallOver.tsx';
import { Lobby } from './Lobby.tsx';
import { Room } from './Room.tsx';

/** A call from its lobby to its end. */
export default function CallPage({ conference }: { conference: string }) {
  const { t } = useTranslation();
  const [end, setEnd] = useState<CallSnapshot['end']>(null);
  useTitle(t('call.title', { name: conference }));
  return end ? (
    <CallOver end={end} onRejoin={() => setEnd(null)} />
  ) : (
    <LobbyAndRoom conference={conference} onOver={setEnd} />
  );
}

/** Camera and microphone stay on from the lobby into the call, and are off when it is over. */
function LobbyAndRoom({
  conference,
  onOver,
}: {
  conference: string;
  onOver(end: NonNullable<CallSnapshot['end']>): void;
}) {
  const used = useLocalMedia();
  const [nickname, setNickname] = useState<string | null>(null);
  if (!used || nickname === null) return <Lobby conference={conference} used={used} onJoin={setNickname} />;
  return <Room conference={conference} nickname={nickname} used={used} onOver={onOver} />;
}
