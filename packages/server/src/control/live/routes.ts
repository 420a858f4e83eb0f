import {
  ChannelFigures,
  type FigureSample,
  IdParams,
  type Session,
  SessionList,
  SessionQuery,
} from '@lianmai/contract/rest';
import { toPage } from '../../store/page.ts';
import type { FigureSampleRow, SessionRow } from '../../store/schema.ts';
import type { Db } from '../../store/store.ts';
import type { Principal } from '../auth/principal.ts';
import { type Api, endpoint } from '../rest/api.ts';
import { rfc3339 } from '../rest/time.ts';
import type { SessionJournal } from './journal.ts';
import { SAMPLES_KEPT_MS } from './sampler.ts';
import type { Stage } from './stage.ts';
import { listSessions, samplesSince } from './store.ts';

export interface FigureDeps {
  db: Db;
  now: () => number;
  stage: Stage;
  journal: SessionJournal;
  /** @throws LiveError CHANNEL_NOT_FOUND, also when it is not the caller's. */
  channelOf(id: string, principal: Principal | null): Promise<{ id: string; stream: string }>;
}

/** What a channel's owner sees of its broadcasts: figures of now and the last hour, and the sessions before. */
export function figureRoutes(api: Api, { db, now, stage, journal, channelOf }: FigureDeps): void {
  api.get(
    '/v1/channels/:id/figures',
    endpoint(
      'app',
      {
        operationId: 'getChannelFigures',
        tag: 'Channels',
        summary: "A channel's figures now and over the last hour",
        errors: ['CHANNEL_NOT_FOUND'],
      },
      { params: IdParams, response: { 200: ChannelFigures } },
    ),
    async ({ params, principal }) => {
      const channel = await channelOf(params.id, principal);
      const samples = await samplesSince(db, channel.id, now() - SAMPLES_KEPT_MS);
      const onAir = stage.of(channel);
      return {
        state: onAir?.state ?? 'idle',
        now: onAir && stage.figures(onAir),
        samples: samples.map(toSample),
      };
    },
  );

  api.get(
    '/v1/channels/:id/sessions',
    endpoint(
      'app',
      {
        operationId: 'listChannelSessions',
        tag: 'Channels',
        summary: 'Who published when, newest first',
        description: 'Kept for 90 days.',
        errors: ['BAD_REQUEST', 'CHANNEL_NOT_FOUND'],
      },
      { params: IdParams, querystring: SessionQuery, response: { 200: SessionList } },
    ),
    async ({ params, query, principal }) => {
      const { id } = await channelOf(params.id, principal);
      await journal.flush();
      const limit = query.limit ?? 50;
      const rows = await listSessions(db, id, { ...query, limit });
      const nowMs = now();
      return toPage(
        rows,
        limit,
        (row) => ({ at: row.startedAt, id: row.id }),
        (row) => toSession(row, nowMs),
      );
    },
  );
}

function toSample({ channelId: _, at, viewersByProtocol, ...figures }: FigureSampleRow): FigureSample {
  return { ...figures, at: rfc3339(at), viewersByProtocol: JSON.parse(viewersByProtocol) };
}

function toSession(row: SessionRow, nowMs: number): Session {
  const { id, stream, protocol, startedAt, endedAt, endReason, peakViewers } = row;
  return {
    id,
    stream,
    protocol,
    startedAt: rfc3339(startedAt),
    endedAt: endedAt === null ? null : rfc3339(endedAt),
    endReason,
    durationSeconds: Math.max(0, Math.round(((endedAt ?? nowMs) - startedAt) / 1000)),
    peakViewers,
    videoCodec: row.videoCodec,
    width: row.width,
    height: row.height,
    audioCodec: row.audioCodec,
  };
}
