import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import helmet from '@fastify/helmet';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Authenticator } from './auth/principal.ts';
import { guard, type RateLimits } from './rest/access.ts';
import type { Api } from './rest/api.ts';
import { answerClientError, answerError, answerNotFound } from './rest/errors.ts';
import { collectMethods, openToPages } from './rest/methods.ts';
import { documentApi } from './rest/openapi.ts';
import { compileValidator } from './rest/validation.ts';

const BODY_LIMIT_BYTES = 64 * 1024;
/** A stream name has 128 characters; escaped, three times as many. */
const LONGEST_PARAMETER = 384;
const REQUEST_WITHIN_MS = 15_000;

export interface ServerOptions {
  log: Logger;
  version: string;
  authenticator: Authenticator;
  limits: RateLimits;
  routes(api: Api): void;
}

/** The REST server, ready to listen. It trusts its one client, the edge, to say whose requests it forwards. */
export async function buildServer({ log, version, authenticator, limits, routes }: ServerOptions): Promise<Api> {
  const api: Api = Fastify({
    loggerInstance: troubleOnly(log) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomBytes(9).toString('base64url'),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_WITHIN_MS,
    routerOptions: { maxParamLength: LONGEST_PARAMETER, ignoreTrailingSlash: false },
    frameworkErrors: answerError,
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>();
  api.setValidatorCompiler(compileValidator);
  // Types and tests hold answers to their schemas; compiling a serialiser of each would take a third of the time to start.
  api.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  api.setSchemaErrorFormatter((errors) => errors as unknown as Error);
  api.setErrorHandler(answerError);
  readJsonOnly(api);
  await setHeaders(api);
  tellOfAnswers(api, log);
  openToPages(api);
  await guard(api, authenticator, limits);
  const methods = collectMethods(api);
  await documentApi(api, version);
  routes(api);
  api.setNotFoundHandler({ preHandler: api.rateLimit() }, answerNotFound);
  await api.register(async () => methods.refuseOthers());
  await api.ready();
  return api;
}

/** What Fastify says of its start and its end is told elsewhere, in our words. */
const troubleOnly = (log: Logger): Logger => log.child({}, log.isLevelEnabled('info') ? { level: 'warn' } : {});

/** Listens on a unix socket that only this user can open; one left behind by a killed process is replaced. */
export async function listen(api: Api, socketPath: string): Promise<void> {
  if (existsSync(socketPath)) unlinkSync(socketPath);
  await api.listen({ path: socketPath });
  chmodSync(socketPath, 0o600);
}

function readJsonOnly(api: Api): void {
  const parse = api.getDefaultJsonParser('error', 'error');
  api.removeAllContentTypeParsers();
  // Clients send the header with no body too, for instance with DELETE.
  api.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, String(body), done);
  });
  // No body is an empty one: what is missing then is named field by field.
  api.addHook('preValidation', async (request) => {
    if (request.body === undefined && request.routeOptions.schema?.body) request.body = {};
  });
}

async function setHeaders(api: Api): Promise<void> {
  await api.register(helmet, {
    // The documentation page needs inline styles and data images of its own, nothing else and nothing from elsewhere.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whether there is TLS is not this server's to say.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  });
  api.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' });
  });
}

function tellOfAnswers(api: Api, log: Logger): void {
  api.addHook('onResponse', async ({ id, method, url, clientIp }, { statusCode, elapsedTime }) => {
    const path = url.split('?', 1)[0];
    log.debug({ requestId: id, method, path, statusCode, ms: Math.round(elapsedTime), ip: clientIp }, 'answered');
  });
}
