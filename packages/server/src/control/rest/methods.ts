import { LiveError } from '@lianmai/contract';
import type { HTTPMethods } from 'fastify';
import type { Access, Api } from './api.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Who calls these may do so from a page of another site: nothing but the token or key that it sends itself lets it in. */
const FROM_PAGES: readonly (Access | undefined)[] = ['public', 'user', 'known'];
const PREFLIGHT_KEPT_S = '86400';

/**
 * Lets pages of other sites make the calls that users make (the SDK in a page of somebody's product), and read the answers.
 */
export function openToPages(api: Api): void {
  api.addHook('onRequest', async ({ routeOptions }, reply) => {
    if (FROM_PAGES.includes(routeOptions.config.access)) reply.header('access-control-allow-origin', '*');
  });
}

/**
 * After all routes: an address that exists, asked with a method it does not have, answers 405 with the methods it has
 * (RFC 9110 §15.5.6) instead of 404.
 */
export function collectMethods(api: Api): { refuseOthers(): void } {
  const byUrl = new Map<string, Set<HTTPMethods>>();
  const fromPages = new Set<string>();
  let collecting = true;
  api.addHook('onRoute', ({ url, method, config }) => {
    if (!collecting || !url.startsWith('/v1/')) return;
    if (FROM_PAGES.includes(config?.access)) fromPages.add(url);
    const methods = byUrl.get(url) ?? new Set();
    byUrl.set(url, methods);
    for (const each of Array.isArray(method) ? method : [method]) methods.add(each as HTTPMethods);
    if (methods.has('GET')) methods.add('HEAD');
  });
  return {
    refuseOthers() {
      collecting = false;
      for (const [url, methods] of byUrl) {
        if (fromPages.has(url)) answerPreflight(api, url, methods);
        const allow = METHODS.filter((method) => methods.has(method)).join(', ');
        api.route({
          url,
          method: METHODS.filter((method) => !methods.has(method)),
          config: { access: 'public' },
          schema: { hide: true },
          // Before the body is looked at.
          preParsing: async (request, reply) => {
            reply.header('allow', allow);
            throw new LiveError('METHOD_NOT_ALLOWED', `${request.method} is not for this address: it takes ${allow}`);
          },
          handler: async () => null,
        });
      }
    },
  };
}

/** Fetch standard §3.3.2: what a page of another site asks before a call that carries a token or JSON. */
function answerPreflight(api: Api, url: string, methods: Set<HTTPMethods>): void {
  const allow = [...methods].join(', ');
  methods.add('OPTIONS');
  api.options(url, { config: { access: 'public' }, schema: { hide: true } }, async (_, reply) =>
    reply
      .code(204)
      .headers({
        allow,
        'access-control-allow-methods': allow,
        'access-control-allow-headers': 'authorization, content-type',
        'access-control-max-age': PREFLIGHT_KEPT_S,
      })
      .send(),
  );
}
