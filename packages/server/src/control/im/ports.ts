import type { ImIdentity, ImOpening } from '@lianmai/contract';
import type { Gift } from '@lianmai/contract/im';
import type { Room, RoomSettings, UserProfile } from '@lianmai/contract/rest';

/** What chat asks of users. */
export interface ImUsers {
  /** null: the user is gone, or the token was logged out. */
  admit(identity: ImIdentity, token: NonNullable<ImOpening['token']>): Promise<UserProfile | null>;
  /** null: the user is gone. */
  profile(identity: ImIdentity): Promise<UserProfile | null>;
}

/** What chat needs to know of a room. */
export interface RoomFacts {
  id: string;
  appId: string;
  anchorId: string;
  /** Whether who is not logged in may come in. */
  isPublic: boolean;
  likes: number;
  settings: Pick<RoomSettings, 'slowModeSeconds' | 'muteAll'>;
}

/** What chat asks of rooms, and tells them. */
export interface ImRooms {
  /** null: there is none, or it is closed. */
  find(roomId: string): Promise<RoomFacts | null>;
  /** The room as anybody may see it. */
  view(roomId: string): Promise<Room>;
  configure(roomId: string, settings: Partial<RoomFacts['settings']>): Promise<void>;
  addLikes(roomId: string, count: number): void;
  /** @param total different users that were there so far. */
  setAudience(roomId: string, viewers: number, total: number): void;
}

/** What is set for an app's chat. */
export interface ChatRules {
  words: readonly string[];
  gifts: readonly Gift[];
}
