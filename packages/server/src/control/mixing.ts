import type { Logger } from 'pino';
import type { Bus } from '../bus/bus.ts';
import type { Settings } from '../settings/settings.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { Db } from '../store/store.ts';
import type { Addresses } from './addresses.ts';
import { owningApp } from './app/owning.ts';
import type { Principal } from './auth/principal.ts';
import { channelOf } from './channel/access.ts';
import { URLS_LAST_MS } from './channel/urls.ts';
import type { ChannelView } from './channel/view.ts';
import type { LiveBoard } from './live/board.ts';
import type { FigureBoard } from './live/figures.ts';
import type { ProgramBoard } from './live/programs.ts';
import { MixDesk } from './mix/desk.ts';
import { mixRoutes } from './mix/routes.ts';
import { MixView } from './mix/view.ts';
import { Gallery } from './picture/gallery.ts';
import { pictureRoutes } from './picture/routes.ts';
import { ChannelPrograms } from './program/channel-programs.ts';
import { programRoutes } from './program/routes.ts';
import type { Api } from './rest/api.ts';

export interface MixingOptions {
  db: Db;
  bus: Bus;
  settings: Settings;
  live: LiveBoard;
  figures: FigureBoard;
  now: () => number;
  log: Logger;
}

/** Pictures, mixes, and what viewers of channels get: the parts that depend on one another. */
export interface Mixing {
  gallery: Gallery;
  desk: MixDesk;
  channelPrograms: ChannelPrograms;
  /** Something changed that mixes depend on (an account, keys, a channel), or may have. */
  review(): void;
}

/** @param closing is told how what is started is ended. */
export async function startMixing(options: MixingOptions, closing: (() => unknown)[]): Promise<Mixing> {
  const { db, bus, settings, live, figures, now, log } = options;
  const storage = openStorage(settings);
  storage.tidy(now()).catch((error: unknown) => log.warn({ err: error }, 'the storage could not be tidied up'));
  const desk = new MixDesk({
    db,
    bus,
    coresShare: settings.mixerCores,
    sizeOf: (stream) => figures.picture(live.get(stream)).video,
    now,
    log,
  });
  const channelPrograms = new ChannelPrograms({ db, desk, live, now, log });
  closing.push(() => channelPrograms.close());
  closing.push(() => desk.close());
  await desk.start();
  await channelPrograms.start();
  return {
    gallery: new Gallery({ db, storage, now }),
    desk,
    channelPrograms,
    review() {
      void channelPrograms.review();
      void desk.review();
    },
  };
}

export interface MixingRouteDeps {
  db: Db;
  now: () => number;
  addresses: Addresses;
  programs: ProgramBoard;
  channelView: ChannelView;
}

export function mixingRoutes(to: Api, { gallery, desk, channelPrograms }: Mixing, deps: MixingRouteDeps): void {
  const { db, now, addresses, programs, channelView } = deps;
  pictureRoutes(to, {
    db,
    now,
    gallery,
    addresses,
    async ownerOf(principal, appId) {
      if (principal?.kind === 'user') return principal;
      const app = await owningApp(db, appId, principal);
      return { appId: app.id, accountId: app.accountId };
    },
  });
  mixRoutes(to, {
    db,
    now,
    desk,
    view: new MixView({ addresses, programs }),
    onRemoved: () => void channelPrograms.review(),
  });
  programRoutes(to, {
    programs: channelPrograms,
    channelOf: (id: string, principal: Principal | null) => channelOf(db, id, principal),
    show: (channel) => channelView.channel(channel, now() + URLS_LAST_MS),
  });
}
