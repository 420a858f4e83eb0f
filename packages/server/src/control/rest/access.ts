import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { LiveError } from '@lianmai/contract';
import type { FastifyRequest } from 'fastify';
import type { Authenticator } from '../auth/principal.ts';
import type { Access, Api } from './api.ts';

/** Requests a minute. */
export interface RateLimits {
  /** Of one key. */
  perKey: number;
  /** Of one address without a valid key: pages that poll, and whoever guesses keys. */
  perAddress: number;
  /** Of one user's tokens. */
  perUser: number;
  /** Of one address, to join open calls. */
  joinsPerAddress: number;
  /** Of one address, to register. */
  registrationsPerAddress: number;
  /** Of one address, to log in. */
  logInsPerAddress: number;
}

export const RATE_LIMITS: RateLimits = {
  perKey: 12_000,
  perAddress: 6000,
  perUser: 600,
  joinsPerAddress: 60,
  registrationsPerAddress: 20,
  logInsPerAddress: 60,
};
const WINDOW_MS = 60_000;
const CALLERS_REMEMBERED = 20_000;

/** Tells who calls, bounds how often, and lets through who may; in this order, before the body is read. */
export async function guard(api: Api, authenticator: Authenticator, limits: RateLimits): Promise<void> {
  api.decorateRequest('principal', null);
  api.decorateRequest('clientIp', '');
  api.addHook('onRequest', async (request) => {
    request.clientIp = clientIp(request);
    request.principal = await authenticator.identify(request.headers.authorization);
  });
  await api.register(rateLimit, {
    timeWindow: WINDOW_MS,
    cache: CALLERS_REMEMBERED,
    keyGenerator: callerOf,
    max: ({ principal }: FastifyRequest) =>
      !principal ? limits.perAddress : principal.kind === 'user' ? limits.perUser : limits.perKey,
    errorResponseBuilder: (_, { ttl }) =>
      new LiveError('RATE_LIMITED', `too many requests: try again in ${Math.ceil(ttl / 1000)} s`),
  });
  // Limits are hooks of the routes and run after hooks of the server, so this one waits for the next stage.
  api.addHook('preParsing', async ({ principal, routeOptions, is404 }) => {
    const access = routeOptions.config.access ?? (is404 || isDocs(routeOptions.url) ? 'public' : 'operator');
    if (access === 'public') return;
    if (!principal) throw new LiveError('UNAUTHENTICATED', CREDENTIALS[access]);
    const { kind } = principal;
    if (access === 'operator' && kind !== 'operator')
      throw new LiveError('FORBIDDEN', "this takes the operator's key: an app's key is for its own channels");
    if (access === 'app' && kind === 'user')
      throw new LiveError('FORBIDDEN', "this takes an API key: a user's token is for what users do themselves");
    if (access === 'user' && kind !== 'user')
      throw new LiveError('FORBIDDEN', "this takes a user's token: get one by POST /v1/users/token");
  });
}

const API_KEY = 'give a valid API key, as the header "Authorization: Bearer <key>"';
const CREDENTIALS: Readonly<Record<Exclude<Access, 'public'>, string>> = {
  user: 'log in: give a valid user\'s token, as the header "Authorization: Bearer <token>"',
  known: 'give a valid user\'s token or API key, as the header "Authorization: Bearer <token>"',
  app: API_KEY,
  operator: API_KEY,
};

/** The pages that a plugin adds, without a word on access. */
const isDocs = (url = ''): boolean => url === '/docs' || url.startsWith('/docs/');

function callerOf({ principal, clientIp: ip }: FastifyRequest): string {
  if (!principal) return `ip ${normalizeIP(ip)}`;
  if (principal.kind === 'operator') return 'operator';
  return principal.kind === 'app' ? `key ${principal.keyId}` : `user ${principal.appId} ${principal.userId}`;
}

/** The last address of x-forwarded-for is the one our own edge saw; any before it is only what the client claims. */
function clientIp({ headers, ip }: FastifyRequest): string {
  const forwarded = headers['x-forwarded-for'];
  const last = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded)?.split(',').at(-1)?.trim();
  return last || ip || 'local';
}
