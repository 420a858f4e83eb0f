import { LiveError } from '@lianmai/contract';
import type { HTTPMethods } from 'fastify';
import type { Api } from './api.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * After all routes: an address that exists, asked with a method it does not have, answers 405 with the methods it has
 * (RFC 9110 §15.5.6) instead of 404.
 */
export function collectMethods(api: Api): { refuseOthers(): void } {
  const byUrl = new Map<string, Set<HTTPMethods>>();
  let collecting = true;
  api.addHook('onRoute', ({ url, method }) => {
    if (!collecting || !url.startsWith('/v1/')) return;
    const methods = byUrl.get(url) ?? new Set();
    byUrl.set(url, methods);
    for (const each of Array.isArray(method) ? method : [method]) methods.add(each as HTTPMethods);
    if (methods.has('GET')) methods.add('HEAD');
  });
  return {
    refuseOthers() {
      collecting = false;
      for (const [url, methods] of byUrl) {
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
