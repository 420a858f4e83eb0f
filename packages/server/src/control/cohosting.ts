import type { Logger } from 'pino';
import type { Bus } from '../bus/bus.ts';
import type { Settings } from '../settings/settings.ts';
import type { Db } from '../store/store.ts';
import type { Addresses } from './addresses.ts';
import { CohostHall } from './cohost/hall.ts';
import { defineCohostMethods } from './cohost/methods.ts';
import { Talks } from './cohost/talk.ts';
import type { ConferenceHall } from './conference/hall.ts';
import type { ConferenceView } from './conference/view.ts';
import type { Im } from './im/im.ts';
import type { LiveBoard } from './live/board.ts';
import type { FigureBoard } from './live/figures.ts';
import type { MixDesk } from './mix/desk.ts';
import { Shows } from './mix/shows.ts';
import { PkHall } from './pk/hall.ts';
import { definePkMethods } from './pk/methods.ts';
import type { RoomHall } from './room/hall.ts';

export interface CohostingOptions {
  db: Db;
  bus: Bus;
  settings: Settings;
  addresses: Addresses;
  im: Im;
  rooms: RoomHall;
  live: LiveBoard;
  figures: FigureBoard;
  conferences: ConferenceHall;
  conferenceView: ConferenceView;
  desk: MixDesk;
  now: () => number;
  log: Logger;
}

/** Co-hosting and battles, which exclude each other. */
export interface Cohosting {
  start(): Promise<void>;
  close(): Promise<void>;
}

/** How long who was let in may take to be seen: to allow the camera, and to connect. */
const JOIN_MS = 30_000;

/** Defines their chat methods; they go to work when started, after chat. */
export function makeCohosting(options: CohostingOptions): Cohosting {
  const { db, bus, settings, addresses, im, rooms, live, figures, conferences, conferenceView, desk, now, log } =
    options;
  const parts = {
    db,
    bus,
    im,
    rooms,
    live,
    talks: new Talks({ hall: conferences, view: conferenceView, live, addresses, now }),
    shows: new Shows({ desk, log }),
    now,
    log,
  };
  const pk: PkHall = new PkHall({
    ...parts,
    times: {
      answerMs: settings.cohostAnswerMs,
      joinMs: JOIN_MS,
      battleMs: settings.pkBattleMs,
      punishmentMs: settings.pkPunishmentMs,
    },
    whyBusy: (tx, room) => cohost.whyBusy(tx, room),
  });
  const cohost: CohostHall = new CohostHall({
    ...parts,
    limits: { most: settings.cohostMax, answerMs: settings.cohostAnswerMs, joinMs: JOIN_MS },
    pictureOf: (stream) => figures.picture(live.get(stream)).video,
    whyBusy: (tx, roomId) => pk.whyBusy(tx, roomId),
  });
  defineCohostMethods(im, cohost);
  definePkMethods(im, pk);
  im.withGifts(pk.countGifts);
  return {
    async start() {
      await cohost.start();
      await pk.start();
    },
    async close() {
      await pk.close();
      await cohost.close();
    },
  };
}
