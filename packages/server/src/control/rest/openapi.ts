import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { Type } from 'typebox';
import type { Api } from './api.ts';

const INTRODUCTION = `Accounts, apps, channels, and what is live.

Calls carry \`Authorization: Bearer <key>\`: the operator's key, or an app's for that app's own channels; calls of a user, the
token it got by logging in. Errors have an HTTP
status and a body \`{"error": {"code", "name", "message", "requestId"}}\`; unknown fields and wrong types are 400 and name the
\`field\`. Lists take \`limit\` and \`cursor\` and answer \`{"items", "nextCursor"}\`, newest first. Times are RFC 3339 UTC.`;

/** Serves the OpenAPI 3.1 document and its pages. Comes before the routes, which it collects. */
export async function documentApi(api: Api, version: string): Promise<void> {
  await api.register(swagger, {
    convertConstToEnum: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lianmai',
        version,
        description: INTRODUCTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'Channels', description: 'Permanent broadcast addresses' },
        { name: 'Live', description: 'What anybody may see; no key' },
        { name: 'Conferences', description: 'Several people see and hear each other; for servers, with a key' },
        { name: 'Calls', description: "The same for the people in them: no key, a member's token" },
        { name: 'Users', description: 'Who watches, talks and goes live; of an app each' },
        { name: 'Rooms', description: 'What users see: an anchor, a title, viewers, likes' },
        {
          name: 'Chat',
          description: 'What operators do in rooms; users chat over the WebSocket /v1/im: see docs/im.md',
        },
        { name: 'Mixes', description: 'Several streams as one, made while they run' },
        { name: 'Pictures', description: 'Backgrounds, logos, avatars' },
        { name: 'Apps', description: 'Keys and what belongs together' },
        { name: 'Accounts', description: 'Tenants, quotas, traffic' },
        { name: 'Server' },
      ],
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: "The operator's key, or an app's" },
          userToken: { type: 'http', scheme: 'bearer', description: 'What a user got by logging in' },
        },
      },
    },
    transformObject: (document) => ('openapiObject' in document ? nameSchemas(document.openapiObject) : {}),
  });
  await api.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', deepLinking: true },
    theme: { title: 'Lianmai API' },
  });
  api.get(
    '/v1/openapi.json',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getOpenApi',
        tags: ['Server'],
        summary: 'This document',
        security: [],
        response: { 200: Type.Unsafe<unknown>({ description: 'OpenAPI 3.1' }) },
      },
    },
    async (_, reply) => reply.type('application/json').serializer(String).send(JSON.stringify(api.swagger())),
  );
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every schema with a `title` that is one word becomes a component, and where it stood a reference to it. */
function nameSchemas<T extends object>(document: T): T {
  const schemas: Record<string, Json> = {};
  const visit = (value: Json, inPlace: boolean): Json => {
    if (Array.isArray(value)) return value.map((item) => visit(item, false));
    if (typeof value !== 'object' || value === null) return value;
    const { title } = value;
    const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, key === 'info')]));
    if (inPlace || typeof title !== 'string' || !/^[A-Z][A-Za-z]+$/.test(title)) return copy;
    schemas[title] = copy;
    return { $ref: `#/components/schemas/${title}` };
  };
  const named = visit(JSON.parse(JSON.stringify(document)) as Json, true) as { [key: string]: Json };
  const { components } = named as { components: { [key: string]: Json } };
  return { ...named, components: { ...components, schemas } } as unknown as T;
}
