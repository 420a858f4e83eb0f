/** How a stream may be played, and what of it; control hands it out with the publish grant so that a join needs no question to control. */
export interface PlayPolicy {
  /** When not null, a play URL must carry txSecret and txTime made with one of these keys. */
  signedWith: readonly string[] | null;
  /** When given, the stream is a conference member's: only members of the same conference may play it, with their token. */
  members?: MemberPolicy;
  /** Tracks that nobody gets, whatever the publisher sends: sound becomes silence, pictures are left out. */
  silenced?: { audio: boolean; video: boolean };
}

/** Which member tokens (`server/src/auth/member-token.ts`) open a member's stream. */
export interface MemberPolicy {
  conferenceId: string;
  /** Signs the conference's tokens. */
  key: string;
  /** Numbers of the members that are present. */
  present: readonly number[];
  /** The newest number given out when this was written: a higher one is of a member that came later, and is let in. */
  upTo: number;
}
