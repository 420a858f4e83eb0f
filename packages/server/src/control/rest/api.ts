import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { ERRORS, type ErrorName } from '@lianmai/contract';
import { ErrorAnswer } from '@lianmai/contract/rest';
import type { FastifyBaseLogger, FastifyInstance, FastifySchema, RawServerDefault } from 'fastify';
import { Type } from 'typebox';
import type { Principal } from '../auth/principal.ts';

/** The server that routes are added to; request and answer types come from the schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/**
 * Who may call: anybody; a user for itself; whoever has a valid key or token, for what is its own; the operator or an app for
 * what is its own; the operator only.
 */
export type Access = 'public' | 'user' | 'known' | 'app' | 'operator';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Who calls; null without a valid key or token. On routes that are not public it is never null in a handler. */
    principal: Principal | null;
    clientIp: string;
  }
}

interface Documentation {
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  /** What can go wrong besides what always can (no key, too many requests, failures of the server). */
  errors: readonly ErrorName[];
}

export const NOTHING = Type.Null({ description: 'Done' });

/** A route's options: who may call, its schemas, and the words around them in the OpenAPI document. */
export function endpoint<const S extends FastifySchema>(access: Access, documentation: Documentation, schemas: S) {
  const { operationId, tag, summary, description, errors } = documentation;
  const always: ErrorName[] = access === 'public' ? [] : ['UNAUTHENTICATED'];
  const more: ErrorName[] = access === 'public' ? [] : ['FORBIDDEN'];
  const schema = {
    ...schemas,
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: SECURITY[access],
    response: { ...(schemas.response as object), ...errorAnswers([...always, ...more, ...errors]) },
  };
  return { config: { access }, schema: schema as typeof schema & S };
}

const SECURITY: Readonly<Record<Access, Record<string, never[]>[]>> = {
  public: [],
  user: [{ userToken: [] }],
  known: [{ userToken: [] }, { apiKey: [] }],
  app: [{ apiKey: [] }],
  operator: [{ apiKey: [] }],
};

function errorAnswers(names: readonly ErrorName[]): Record<string, unknown> {
  const byStatus = Map.groupBy(new Set(names), (name) => ERRORS[name].status);
  const answers: Record<string, unknown> = {
    default: errorAnswer('RATE_LIMITED, UNAVAILABLE or INTERNAL: see the code'),
  };
  for (const [status, group] of byStatus)
    answers[status] = errorAnswer(group.map((name) => `${name} (${ERRORS[name].code})`).join(', '));
  return answers;
}

const errorAnswer = (description: string) => ({
  description,
  content: { 'application/json': { schema: ErrorAnswer } },
});
