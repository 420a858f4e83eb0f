import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { setSession } from '../account/session.ts';
import { useSession } from '../account/useSession.ts';
import { visitorId } from '../account/visitor.ts';
import { RoomSession } from './room-session.ts';
import type { RoomEvent, RoomState } from './room-state.ts';

export interface UsedRoom {
  session: RoomSession;
  state: RoomState;
  /** Nobody is logged in: one hears, and may not speak. */
  isVisitor: boolean;
  /** The chat's connection is there. */
  isOnline: boolean;
}

/** In the room for as long as the component is there; null: before that, or where visitors are not let in. */
export function useRoomSession(roomId: string): UsedRoom | null {
  const session = useSession();
  const { token } = session ?? {};
  const userId = session?.user.userId;
  const [opened, setOpened] = useState<RoomSession | null>(null);
  useEffect(() => {
    const user = token === undefined || userId === undefined ? null : { userId, token };
    const made: RoomSession = new RoomSession({
      roomId,
      user,
      visitor: visitorId(),
      unauthenticated: () => (user ? setSession(null) : setOpened((now) => (now === made ? null : now))),
    });
    setOpened(made);
    return () => {
      setOpened(null);
      made.close();
    };
  }, [roomId, token, userId]);
  const subscribe = useCallback((listener: () => void) => opened?.subscribe(listener) ?? (() => undefined), [opened]);
  const state = useSyncExternalStore(subscribe, () => opened?.state ?? null);
  const link = useSyncExternalStore(subscribe, () => opened?.link ?? null);
  return opened && state && { session: opened, state, isVisitor: opened.isVisitor, isOnline: link === 'online' };
}

/** Calls the newest `listener` with each event of the room. */
export function useRoomEvents(room: UsedRoom | null, listener: (event: RoomEvent) => void): void {
  const session = room?.session;
  const newest = useNewest(listener);
  useEffect(() => session?.onEvent((event) => newest.current(event)), [session, newest]);
}

function useNewest<T>(value: T): { current: T } {
  const [box] = useState({ current: value });
  useEffect(() => {
    box.current = value;
  });
  return box;
}
