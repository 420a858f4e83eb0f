import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { LiveChannel, LiveChannelList, PageQuery, ServerInfo, StreamParams } from '@lianmai/contract/rest';
import { readCursor, toPage } from '../../store/page.ts';
import type { ChannelRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { Addresses } from '../addresses.ts';
import { findChannel, findChannels } from '../channel/store.ts';
import { playUrls } from '../channel/urls.ts';
import { wantedMixes } from '../mix/jobs.ts';
import { findMix } from '../mix/store.ts';
import { streamMissing } from '../publish/rules.ts';
import { type Api, endpoint } from '../rest/api.ts';
import { rfc3339 } from '../rest/time.ts';
import type { SessionJournal } from './journal.ts';
import type { OnAir, Stage } from './stage.ts';
import { lastEndOf } from './store.ts';

export interface PublicDeps {
  db: Db;
  now: () => number;
  stage: Stage;
  journal: SessionJournal;
  addresses: Addresses;
  version: string;
  publishGraceMs: number;
}

type PublicChannel = Pick<ChannelRow, 'id' | 'name' | 'stream' | 'playAuth'>;
/** For so long a channel is called ended; then it is idle. */
const ENDED_FOR_MS = 3_600_000;
/** Channels looked up at once while a page is filled. */
const LOOK_UP = 200;

/** What anybody may see, for the front page and the watch page. Open to pages of other sites. */
export function publicRoutes(api: Api, deps: PublicDeps): void {
  const { db, stage, addresses } = deps;
  void api.register(async (scope) => {
    const open = scope.withTypeProvider<TypeBoxTypeProvider>();
    open.addHook('onSend', async (_, reply) => {
      reply.headers({ 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=1' });
    });

    open.get(
      '/v1/live',
      endpoint(
        'public',
        {
          operationId: 'listLive',
          tag: 'Live',
          summary: 'Listed channels that are live, newest first',
          errors: ['BAD_REQUEST'],
        },
        { querystring: PageQuery, response: { 200: LiveChannelList } },
      ),
      async ({ query }) => {
        const limit = query.limit ?? 50;
        const found = await listedLive(db, stage, query.cursor, limit + 1);
        const position = ({ onAir }: Listed) => ({ at: onAir.sinceMs, id: onAir.channelId });
        return toPage(found, limit, position, ({ onAir, channel }) => describeOnAir(deps, channel, onAir));
      },
    );

    open.get(
      '/v1/live/:stream',
      endpoint(
        'public',
        {
          operationId: 'getLive',
          tag: 'Live',
          summary: 'What a stream is doing',
          description: 'Also of channels that are not listed, and of mixes: whoever knows the name may watch.',
          errors: ['BAD_REQUEST', 'CHANNEL_NOT_FOUND'],
        },
        { params: StreamParams, response: { 200: LiveChannel } },
      ),
      async ({ params: { stream } }) => {
        const channel = (await findChannel(db, { stream })) ?? (await mixAsChannel(db, stream));
        if (!channel) throw streamMissing(stream);
        const onAir = stage.of(channel);
        return onAir ? describeOnAir(deps, channel, onAir) : offAir(deps, channel);
      },
    );

    open.get(
      '/v1/server',
      endpoint(
        'public',
        { operationId: 'getServer', tag: 'Server', summary: 'What this server is and can do', errors: [] },
        { response: { 200: ServerInfo } },
      ),
      async () => ({
        name: 'Lianmai',
        version: deps.version,
        http: addresses.http,
        rtmp: addresses.rtmp,
        rtmps: addresses.rtmps,
        features: { webrtc: true, hls: true, flv: true, rtmp: true },
        publishGraceMs: deps.publishGraceMs,
      }),
    );
  });
}

interface Listed {
  onAir: OnAir;
  channel: PublicChannel;
}

/** The newest `count` listed channels that are live, after the cursor. */
async function listedLive(db: Db, stage: Stage, cursor: string | undefined, count: number): Promise<Listed[]> {
  const after = cursor === undefined ? null : readCursor(cursor);
  const newestFirst = stage
    .all()
    .filter(({ sinceMs, channelId }) => !after || sinceMs < after.at || (sinceMs === after.at && channelId < after.id))
    .sort((a, b) => b.sinceMs - a.sinceMs || (a.channelId < b.channelId ? 1 : -1));
  const found: Listed[] = [];
  for (let i = 0; i < newestFirst.length && found.length < count; i += LOOK_UP) {
    const batch = newestFirst.slice(i, i + LOOK_UP);
    const rows = await findChannels(
      db,
      batch.map(({ channelId }) => channelId),
    );
    const listed = new Map(rows.filter((row) => row.listed === 1).map((row) => [row.id, row]));
    for (const onAir of batch) {
      const channel = listed.get(onAir.channelId);
      if (channel) found.push({ onAir, channel });
    }
  }
  return found.slice(0, count);
}

/** A mix's own stream can be watched too. */
async function mixAsChannel(db: Db, stream: string): Promise<PublicChannel | null> {
  const row = await findMix(db, { stream });
  const [mix] = row ? await wantedMixes(db, [row]) : [];
  return mix ? { id: mix.row.id, name: stream, stream, playAuth: mix.playAuth } : null;
}

function describeOnAir(deps: PublicDeps, channel: PublicChannel, onAir: OnAir): LiveChannel {
  const { viewers, video, audio } = deps.stage.measure(onAir);
  return {
    ...described(deps, channel),
    state: onAir.state,
    since: rfc3339(onAir.sinceMs),
    endedAt: null,
    viewers,
    video,
    audio,
  };
}

async function offAir(deps: PublicDeps, channel: PublicChannel): Promise<LiveChannel> {
  await deps.journal.flush();
  const endedAt = await lastEndOf(deps.db, channel.id);
  const ended = endedAt !== undefined && deps.now() - endedAt < ENDED_FOR_MS;
  return {
    ...described(deps, channel),
    state: ended ? 'ended' : 'idle',
    since: null,
    endedAt: ended ? rfc3339(endedAt) : null,
    viewers: 0,
    video: null,
    audio: null,
  };
}

/** The URLs are never signed here: a signature is the owner's to give. */
const described = ({ addresses }: PublicDeps, { stream, name, playAuth }: PublicChannel) => ({
  stream,
  name,
  playAuth,
  play: playUrls(addresses, stream, null, 0),
});
