import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { LiveError } from '@lianmai/contract';
import type { FastifyRequest } from 'fastify';
import type { Authenticator } from '../auth/principal.ts';
import type { Api } from './api.ts';

/** Requests a minute. */
export interface RateLimits {
  /** Of one key. */
  perKey: number;
  /** Of one address without a valid key: pages that poll, and whoever guesses keys. */
  perAddress: number;
  /** Of one address, to join open calls. */
  joinsPerAddress: number;
}

export const RATE_LIMITS: RateLimits = { perKey: 12_000, perAddress: 6000, joinsPerAddress: 60 };
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
    max: (request: FastifyRequest) => (request.principal ? limits.perKey : limits.perAddress),
    errorResponseBuilder: (_, { ttl }) =>
      new LiveError('RATE_LIMITED', `too many requests: try again in ${Math.ceil(ttl / 1000)} s`),
  });
  // Limits are hooks of the routes and run after hooks of the server, so this one waits for the next stage.
  api.addHook('preParsing', async ({ principal, routeOptions, is404 }) => {
    const access = routeOptions.config.access ?? (is404 || isDocs(routeOptions.url) ? 'public' : 'operator');
    if (access === 'public') return;
    if (!principal)
      throw new LiveError('UNAUTHENTICATED', 'give a valid API key, as the header "Authorization: Bearer <key>"');
    if (access === 'operator' && principal.kind !== 'operator')
      throw new LiveError('FORBIDDEN', "this takes the operator's key: an app's key is for its own channels");
  });
}

/** The pages that a plugin adds, without a word on access. */
const isDocs = (url = ''): boolean => url === '/docs' || url.startsWith('/docs/');

function callerOf({ principal, clientIp: ip }: FastifyRequest): string {
  if (!principal) return `ip ${normalizeIP(ip)}`;
  return principal.kind === 'operator' ? 'operator' : `key ${principal.keyId}`;
}

/** The last address of x-forwarded-for is the one our own edge saw; any before it is only what the client claims. */
function clientIp({ headers, ip }: FastifyRequest): string {
  const forwarded = headers['x-forwarded-for'];
  const last = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded)?.split(',').at(-1)?.trim();
  return last || ip || 'local';
}
