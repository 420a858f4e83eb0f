import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ERRORS } from '@lianmai/contract';
import { Compile } from 'typebox/compile';
import { TestControl } from '../testing/test-control.ts';

interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description?: string; content?: Record<string, { schema: { $ref?: string } }> }>;
}
interface Document {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}

describe('the OpenAPI document', () => {
  let control: TestControl;
  let document: Document;
  let operations: [string, Operation][];
  before(async () => {
    control = await TestControl.start();
    const answer = await control.get<Document>('/v1/openapi.json', { key: null });
    assert.equal(answer.status, 200);
    document = answer.body;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
    );
  });
  after(() => control.close());

  it('is OpenAPI 3.1 and lists every call', () => {
    assert.equal(document.openapi, '3.1.0');
    assert.deepEqual(operations.map(([name]) => name).sort(), [
      'delete /v1/accounts/{id}',
      'delete /v1/apps/{id}',
      'delete /v1/apps/{id}/api-keys/{keyId}',
      'delete /v1/channels/{id}',
      'delete /v1/conferences/{id}',
      'delete /v1/mixes/{id}',
      'delete /v1/pictures/{id}',
      'delete /v1/rooms/{id}',
      'get /v1/accounts',
      'get /v1/accounts/{id}',
      'get /v1/accounts/{id}/traffic',
      'get /v1/apps',
      'get /v1/apps/{id}',
      'get /v1/apps/{id}/api-keys',
      'get /v1/apps/{id}/chat',
      'get /v1/calls/{conference}',
      'get /v1/channels',
      'get /v1/channels/{id}',
      'get /v1/channels/{id}/figures',
      'get /v1/channels/{id}/sessions',
      'get /v1/channels/{id}/traffic',
      'get /v1/conferences',
      'get /v1/conferences/{id}',
      'get /v1/live',
      'get /v1/live/{stream}',
      'get /v1/mixes',
      'get /v1/mixes/{id}',
      'get /v1/mixes/{id}/preview.jpg',
      'get /v1/openapi.json',
      'get /v1/pictures',
      'get /v1/pictures/{id}',
      'get /v1/rooms',
      'get /v1/rooms/{id}',
      'get /v1/rooms/{id}/members',
      'get /v1/rooms/{id}/thumbnail.jpg',
      'get /v1/server',
      'get /v1/users/me',
      'get /v1/users/{id}',
      'patch /v1/accounts/{id}',
      'patch /v1/apps/{id}',
      'patch /v1/apps/{id}/chat',
      'patch /v1/channels/{id}',
      'patch /v1/mixes/{id}',
      'patch /v1/rooms/{id}',
      'patch /v1/users/me',
      'post /v1/accounts',
      'post /v1/apps',
      'post /v1/apps/{id}/api-keys',
      'post /v1/apps/{id}/play-keys/rotate',
      'post /v1/apps/{id}/push-keys/rotate',
      'post /v1/apps/{id}/secret-keys/rotate',
      'post /v1/calls/{conference}/join',
      'post /v1/calls/{conference}/kick',
      'post /v1/calls/{conference}/leave',
      'post /v1/calls/{conference}/mute',
      'post /v1/channels',
      'post /v1/channels/{id}/disconnect',
      'post /v1/channels/{id}/urls',
      'post /v1/conferences',
      'post /v1/conferences/{id}/join',
      'post /v1/conferences/{id}/leave',
      'post /v1/conferences/{id}/members/{userId}/kick',
      'post /v1/conferences/{id}/members/{userId}/mute',
      'post /v1/conferences/{id}/members/{userId}/unmute',
      'post /v1/mixes',
      'post /v1/pictures',
      'post /v1/rooms',
      'post /v1/rooms/{id}/custom',
      'post /v1/rooms/{id}/heartbeat',
      'post /v1/rooms/{id}/members/{userId}/ban',
      'post /v1/rooms/{id}/members/{userId}/kick',
      'post /v1/rooms/{id}/members/{userId}/mute',
      'post /v1/rooms/{id}/members/{userId}/unban',
      'post /v1/rooms/{id}/members/{userId}/unmute',
      'post /v1/rooms/{id}/notices',
      'post /v1/users/login',
      'post /v1/users/logout',
      'post /v1/users/register',
      'post /v1/users/token',
      'put /v1/channels/{id}/program',
    ]);
  });

  it('describes each call: what it does, who may, what it answers, what can go wrong', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    const tags = new Set(document.tags.map(({ name }) => name));
    for (const [name, { operationId, summary, tags: own = [], security, responses, parameters = [] }] of operations) {
      assert.match(operationId ?? '', /^[a-z][A-Za-z]+$/, name);
      assert.ok(summary, name);
      assert.equal(own.length, 1, name);
      assert.ok(tags.has(own[0] ?? ''), name);
      assert.ok(security, name);
      const path = name.split(' ')[1] ?? '';
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      assert.deepEqual(
        parameters.filter((p) => p.in === 'path' && p.required).map((p) => p.name),
        inPath,
        name,
      );
      const statuses = Object.keys(responses);
      assert.ok(
        statuses.some((status) => status.startsWith('2')),
        name,
      );
      if (security.length > 0) assert.ok(responses['401'], name);
      if (operationId !== 'getOpenApi') assert.ok(responses['default'], name);
      for (const [status, response] of Object.entries(responses)) {
        assert.ok(response.description, `${name} ${status}`);
        if (/^[245]|default/.test(status) && !status.startsWith('2'))
          assert.equal(response.content?.['application/json']?.schema.$ref, '#/components/schemas/Error', name);
      }
    }
  });

  it('has every error with its code where it says so', () => {
    for (const [name, { responses }] of operations)
      for (const [status, { description = '' }] of Object.entries(responses))
        for (const [, error = '', code] of description.matchAll(/([A-Z_]{5,}) \((\d+)\)/g)) {
          const known = ERRORS[error as keyof typeof ERRORS];
          assert.deepEqual([known?.code, known?.status], [Number(code), Number(status)], `${name}: ${description}`);
        }
  });

  it('refers only to what is there, and names what is used', () => {
    const refs: string[] = [];
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, item] of Object.entries(value)) {
        if (key === '$ref') refs.push(String(item));
        else collect(item);
      }
    };
    collect(document);
    const named = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    assert.deepEqual([...new Set(refs)].sort(), named.sort());
    assert.ok(named.includes('#/components/schemas/Channel'));
  });

  it('has schemas that compile, with what they refer to', () => {
    const inline = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(inline);
      if (typeof value !== 'object' || value === null) return value;
      if ('$ref' in value) return inline(document.components.schemas[String(value.$ref).split('/').at(-1) ?? '']);
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inline(item)]));
    };
    for (const schema of Object.values(document.components.schemas)) Compile(inline(schema) as object);
    for (const [, { parameters = [], requestBody }] of operations) {
      for (const { schema } of parameters) Compile(inline(schema) as object);
      for (const { schema } of Object.values(requestBody?.content ?? {})) Compile(inline(schema) as object);
    }
  });

  it('is browsable without anything from elsewhere', async () => {
    const page = await control.get('/docs', { key: null });
    assert.equal(page.status, 200);
    assert.match(page.text, /<title>Lianmai API<\/title>/);
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
    assert.ok(loaded.length >= 5);
    for (const url of loaded) {
      assert.match(url, /^\/docs\//);
      assert.equal((await control.get(url, { key: null })).status, 200, url);
    }
    assert.doesNotMatch(page.text, /<script>|<style>|onload=/);
    assert.equal((await control.get('/docs/json', { key: null })).status, 200);
  });
});
