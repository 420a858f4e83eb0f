import type { RoomPulse } from '@lianmai/contract/rest';
import { useEffect, useState } from 'react';
import { beat } from '../room/api.ts';

/** The server expects a sign so often. */
const EVERY_MS = 5_000;

/** Says that the anchor's page is there, and hears how the room goes; null before the first answer. */
export function usePulse(roomId: string): RoomPulse | null {
  const [pulse, setPulse] = useState<RoomPulse | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const say = () =>
      void beat(roomId).then((answer) => {
        if (isCurrent && answer.ok) setPulse(answer.value);
      });
    say();
    const timer = setInterval(say, EVERY_MS);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [roomId]);
  return pulse;
}
