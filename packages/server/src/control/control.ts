import { leases, type WorkerInfo } from '@lianmai/contract';
import type { Logger } from 'pino';
import { signTx } from '../auth/tx-signature.ts';
import type { Bus, Unsubscribe } from '../bus/bus.ts';
import type { Settings } from '../settings/settings.ts';
import { isStoreUnavailable, storeUnavailable } from '../store/errors.ts';
import { openStore, type Store } from '../store/store.ts';
import { accountRoutes } from './account/routes.ts';
import { type Addresses, addressesOf } from './addresses.ts';
import { apiKeyRoutes } from './app/key-routes.ts';
import { appRoutes } from './app/routes.ts';
import { loadOperatorKey, type OperatorKey } from './auth/operator-key.ts';
import { Authenticator, type Principal } from './auth/principal.ts';
import { channelOf } from './channel/access.ts';
import { channelRoutes } from './channel/routes.ts';
import { URLS_LAST_MS } from './channel/urls.ts';
import { ChannelView } from './channel/view.ts';
import { makeCohosting } from './cohosting.ts';
import { callRoutes } from './conference/call-routes.ts';
import { ConferenceHall } from './conference/hall.ts';
import { conferenceRoutes } from './conference/routes.ts';
import { ConferenceView } from './conference/view.ts';
import { ensureChannel, ensureDefaults, type FirstSteps, findFirstSteps } from './first-start.ts';
import { roomsOf, usersOf } from './im/adapters.ts';
import { Im } from './im/im.ts';
import { chatRoutes } from './im/routes.ts';
import { LiveBoard } from './live/board.ts';
import { FigureBoard } from './live/figures.ts';
import { SessionJournal } from './live/journal.ts';
import { ProgramBoard } from './live/programs.ts';
import { publicRoutes } from './live/public-routes.ts';
import { figureRoutes } from './live/routes.ts';
import { Sampler } from './live/sampler.ts';
import { Stage } from './live/stage.ts';
import { openSessions, toEntry } from './live/store.ts';
import { isMixChannel } from './mix/names.ts';
import { type Mixing, mixingRoutes, startMixing } from './mixing.ts';
import { admitPublisher } from './publish/gate.ts';
import { Overseer } from './publish/overseer.ts';
import { Relays } from './relay/relays.ts';
import { RATE_LIMITS, type RateLimits } from './rest/access.ts';
import type { Api } from './rest/api.ts';
import { RoomHall } from './room/hall.ts';
import { roomRoutes } from './room/routes.ts';
import { thumbnailRoutes } from './room/thumbnail-routes.ts';
import { Thumbnails } from './room/thumbnails.ts';
import { RoomView } from './room/view.ts';
import { buildServer, listen } from './server.ts';
import { trafficRoutes } from './traffic/routes.ts';
import { countUsage, forgetOldReports } from './traffic/store.ts';
import { UserDesk } from './user/desk.ts';
import { meRoutes } from './user/me-routes.ts';
import { PASSWORD_COST, type PasswordCost, Passwords } from './user/password.ts';
import { userRoutes } from './user/routes.ts';
import { ensureTokenKey } from './user/store.ts';
import { UserTokens } from './user/tokens.ts';

export interface ControlOptions {
  settings: Settings;
  bus: Bus;
  /** Not closed with control when given; otherwise opened by the settings, for this control alone. */
  store?: Store;
  /** Another control took the database while this one could not reach it, and decides now: this one may write nothing more. */
  onTaken?: (error: Error) => void;
  /** Where the media workers forward REST calls to. */
  socketPath: string;
  log: Logger;
  version: string;
  now?: () => number;
  limits?: RateLimits;
  /** Of hashing users' passwords. */
  passwordCost?: PasswordCost;
}

export interface Control {
  /** What to print for a newcomer. */
  firstSteps(): FirstSteps;
  /** Resolves while requests can be served, rejects with the reason otherwise. */
  check(): Promise<void>;
  /** Finishes requests and writes what is not written yet. Live streams go on. */
  close(): Promise<void>;
}

/** What changed without control hearing of it, or while the database was away, is put right this often. */
const REVIEW_EVERY_MS = 10_000;
const CHECK_WITHIN_MS = 2000;

/**
 * Starts the deciding half of the server: opens the database, learns what is live, answers workers and the REST API.
 * @throws StoreError when the database or the key file cannot be used.
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const { settings, log, now = Date.now, onTaken = () => {} } = options;
  const operatorKey = loadOperatorKey(settings.dataDir, settings.apiKey);
  const store =
    options.store ??
    (await openStore({
      dataDir: settings.dataDir,
      databaseUrl: settings.databaseUrl,
      onBrokenConnection: (error) => log.warn({ err: error }, 'a database connection broke'),
      // Each would take the other's streams for gone: nothing divides the work between them.
      onTaken,
    }));
  const closing: (() => unknown)[] = options.store ? [] : [() => store.close()];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    await ensureDefaults(store.db, now());
    const parts = await startParts({ ...options, now }, store, closing);
    const api = await serveRest({ ...options, now }, store, parts, operatorKey);
    closing.push(() => api.close());
    // Requests that wait for news would hold up the end.
    closing.push(() => parts.hall.waiting.close());
    const steps = await findFirstSteps(store.db, parts.addresses, operatorKey, now());
    log.info({ database: store.kind, live: parts.live.all().length }, 'control is ready');
    return { firstSteps: () => steps, check: () => answersInTime(store), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Timed = ControlOptions & { now: () => number };

interface Parts {
  addresses: Addresses;
  live: LiveBoard;
  programs: ProgramBoard;
  stage: Stage;
  figures: FigureBoard;
  journal: SessionJournal;
  overseer: Overseer;
  hall: ConferenceHall;
  mixing: Mixing;
  relays: Relays;
  tokens: UserTokens;
  rooms: RoomHall;
  roomView: RoomView;
  conferenceView: ConferenceView;
  im: Im;
}

/** Everything but REST. What is started says in `closing` how it is ended. */
async function startParts(options: Timed, { db }: Store, closing: (() => unknown)[]): Promise<Parts> {
  const { settings, bus, log, now } = options;
  const addresses = addressesOf(settings);
  const figures = new FigureBoard(now());
  const journal = new SessionJournal(db, log, now);
  const live = new LiveBoard({ bus, now, publishGraceMs: settings.publishGraceMs });
  const overseer = new Overseer({ db, bus, live, log });
  const programs = new ProgramBoard();
  const stage = new Stage({ live, programs, figures });
  const sampler = new Sampler({ db, stage, figures, journal, now, log });
  const hall = new ConferenceHall({ db, bus, live, overseer, now, log });
  const tokens = new UserTokens({ db, bus, key: await ensureTokenKey(db, now()), now });
  closing.push(() => tokens.close());
  const rooms = new RoomHall({ db, bus, live, overseer, now, log });
  const conferenceView = new ConferenceView({
    addresses,
    iceServers: settings.iceServers,
    turnSecret: settings.turnSecret,
    now,
  });
  const roomView = new RoomView({ addresses, counters: rooms.counters, now });
  const im = new Im({
    db,
    bus,
    users: usersOf(db),
    rooms: roomsOf(rooms, roomView),
    visitorsPerAddress: settings.visitorsPerAddress,
    now,
    log,
  });
  const parts = {
    addresses,
    live,
    programs,
    stage,
    figures,
    journal,
    overseer,
    hall,
    tokens,
    rooms,
    roomView,
    conferenceView,
    im,
  };

  const open = await openSessions(db);
  journal.restore(open);
  live.onChange((change) => {
    const { stream, channelId, sessionId, worker, protocol } = change.entry;
    const reason = change.type === 'ended' ? { reason: change.reason } : {};
    log.debug({ stream, channelId, sessionId, worker, protocol, ...reason }, `stream ${change.type}`);
    // A mix is nobody's session.
    if (!isMixChannel(channelId)) journal.note(change);
  });
  closing.push(() => journal.flush());
  closing.push(() => live.close());
  await programs.start(bus);
  closing.push(() => programs.close());
  await live.start(open.map((row) => ({ entry: toEntry(row), lastSeenAtMs: row.lastSeenAt })));
  const mixing = await startMixing({ db, bus, settings, live, figures, now, log }, closing);
  await hall.start();
  closing.push(() => hall.close());
  const relays = new Relays({ db, bus, hall, desk: mixing.desk, now, log });
  await relays.start();
  closing.push(() => relays.close());
  await rooms.start();
  closing.push(() => rooms.close());
  const cohosting = makeCohosting({
    db,
    bus,
    settings,
    addresses,
    im,
    rooms,
    live,
    figures,
    conferences: hall,
    conferenceView,
    desk: mixing.desk,
    now,
    log,
  });
  await im.start();
  closing.push(() => im.close());
  await cohosting.start();
  closing.push(() => cohosting.close());
  closing.push(...(await listenToWorkers(options, parts)));
  closing.push(...answerWorkers(options, db, parts));

  sampler.start();
  closing.push(async () => {
    await sampler.close();
    await sampler.sample().catch((error: unknown) => log.warn({ err: error }, 'last figures could not be written'));
  });
  const reviewing = setInterval(() => {
    void overseer.review(() => true);
    mixing.review();
    forgetOldReports(db, now()).catch((error: unknown) =>
      log.warn({ err: error }, 'old usage reports are still there'),
    );
  }, REVIEW_EVERY_MS);
  closing.push(() => clearInterval(reviewing));
  await overseer.review(() => true);
  return { ...parts, mixing, relays };
}

/** What workers report of their own accord. */
async function listenToWorkers(
  { bus, log }: Timed,
  { figures, overseer }: Pick<Parts, 'figures' | 'overseer'>,
): Promise<Unsubscribe[]> {
  const unsubscribe = bus.subscribe('worker.report', (report) => figures.report(report));
  const prefix = leases.worker('');
  const unwatch = await bus.watch<WorkerInfo>(prefix, (key, worker) => {
    if (worker) overseer.repeatPolicies();
    else figures.forget(key.slice(prefix.length));
  });
  // The rest of the start goes on meanwhile: viewers are counted a moment later at worst.
  bus.gather('worker.report', null).then(
    (reports) => {
      for (const report of reports) figures.report(report, false);
    },
    (error: unknown) => log.warn({ err: error }, 'figures come with the next reports'),
  );
  return [unsubscribe, unwatch];
}

/** What workers ask. */
function answerWorkers(
  { bus, now, log }: Timed,
  db: Store['db'],
  { overseer }: Pick<Parts, 'overseer'>,
): Unsubscribe[] {
  return [
    bus.serve(
      'control.publish',
      answering((request) => admitPublisher(db, request, now())),
    ),
    bus.serve(
      'control.usage',
      answering(async (report) => {
        const counted = await countUsage(db, report, now());
        if (!counted) log.debug({ worker: report.worker, seq: report.seq }, 'usage report was counted before');
        const accounts = new Set(report.items.map(({ accountId }) => accountId));
        void overseer.review(({ accountId }) => accounts.has(accountId));
        return { ok: true } as const;
      }),
    ),
    bus.serve(
      'control.own-channel',
      answering(async (wanted) => {
        const channel = await ensureChannel(db, wanted, now());
        return { query: channel ? signTx(channel.pushKey, channel.stream, now() + URLS_LAST_MS) : '' };
      }),
    ),
  ];
}

/** A worker is told that the database is away, as something that passes, not as a failure of its request. */
const answering =
  <Q, A>(handler: (request: Q) => Promise<A>) =>
  async (request: Q): Promise<A> => {
    try {
      return await handler(request);
    } catch (error) {
      throw isStoreUnavailable(error) ? storeUnavailable() : error;
    }
  };

async function serveRest(options: Timed, { db }: Store, parts: Parts, operatorKey: OperatorKey): Promise<Api> {
  const { bus, log, version, now, settings, socketPath, limits = RATE_LIMITS } = options;
  const {
    live,
    stage,
    journal,
    overseer,
    addresses,
    hall,
    mixing,
    relays,
    programs,
    tokens,
    rooms,
    roomView,
    conferenceView,
    im,
  } = parts;
  const conferences = {
    db,
    now,
    hall,
    view: conferenceView,
    relays,
    capacity: settings.conferenceCapacity,
  };
  const view = new ChannelView({ addresses, live, stage });
  const own = (id: string, principal: Principal | null) => channelOf(db, id, principal);
  const reviewAccount = (id: string) => {
    void overseer.review(({ accountId }) => accountId === id);
    void rooms.review();
    mixing.review();
  };
  const onPlayKeysChanged = () => {
    void overseer.review(() => true);
    mixing.review();
  };
  const { passwordCost = PASSWORD_COST } = options;
  const users = new UserDesk({ db, now, tokens, passwords: new Passwords(passwordCost) });
  const api = await buildServer({
    log,
    version,
    limits,
    authenticator: new Authenticator(db, operatorKey.key, tokens),
    routes(to) {
      accountRoutes(to, { db, now, onChanged: reviewAccount });
      appRoutes(to, { db, now, onPlayKeysChanged });
      apiKeyRoutes(to, { db, now });
      channelRoutes(to, { db, now, live, overseer, mixing, view });
      mixingRoutes(to, mixing, { db, now, addresses, programs, channelView: view });
      figureRoutes(to, { db, now, stage, journal, channelOf: own });
      conferenceRoutes(to, conferences);
      callRoutes(to, { ...conferences, openCalls: settings.openCalls, limits });
      userRoutes(to, { db, users, tokens, registration: settings.registration, limits });
      meRoutes(to, { users, tokens });
      roomRoutes(to, {
        db,
        hall: rooms,
        view: roomView,
      });
      thumbnailRoutes(to, { hall: rooms, thumbnails: new Thumbnails({ bus, live, programs, now }), now });
      chatRoutes(to, { db, rooms: im.rooms });
      trafficRoutes(to, { db, now, channelOf: own });
      publicRoutes(to, {
        db,
        now,
        stage,
        journal,
        addresses,
        version,
        publishGraceMs: settings.publishGraceMs,
      });
    },
  });
  await listen(api, socketPath);
  return api;
}

async function answersInTime(store: Store): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the database does not answer')), CHECK_WITHIN_MS);
  try {
    await Promise.race([store.ping(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
