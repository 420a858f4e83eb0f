import assert from 'node:assert/strict';
import { Compile } from 'typebox/compile';

interface Document {
  paths: Record<string, Record<string, { responses: Record<string, Response | undefined> }>>;
  components: { schemas: Record<string, object> };
}
interface Response {
  content?: Record<string, { schema: object }>;
}

/** Holds answers to what the OpenAPI document says of them: status, shape, and no field more. */
export class DocumentedAnswers {
  readonly #document: Document;
  readonly #checks = new Map<object, ReturnType<typeof Compile>>();

  constructor(document: unknown) {
    this.#document = document as Document;
  }

  /** Fails when the answer is not one the document tells of. Addresses outside of it are not looked at. */
  check(method: string, path: string, status: number, body: unknown): void {
    const operation = this.#operation(method, path);
    if (!operation) return;
    const { responses } = operation;
    const response = responses[status] ?? (status >= 400 ? responses['default'] : undefined);
    assert.ok(response, `${method} ${path} is not documented to answer ${status}`);
    const schema = response.content?.['application/json']?.schema;
    if (!schema || status === 204) return;
    const compiled = this.#checks.get(schema) ?? Compile(this.#closed(schema) as object);
    this.#checks.set(schema, compiled);
    const [problem] = compiled.Check(body) ? [] : compiled.Errors(body);
    assert.equal(problem, undefined, `${method} ${path} answers ${status} with ${JSON.stringify(body)}`);
  }

  #operation(method: string, path: string) {
    const parts = path.split('?')[0]?.split('/') ?? [];
    const found = Object.entries(this.#document.paths)
      .filter(([pattern]) => {
        const wanted = pattern.split('/');
        return wanted.length === parts.length && wanted.every((part, i) => part.startsWith('{') || part === parts[i]);
      })
      .sort(([a], [b]) => a.split('{').length - b.split('{').length)[0];
    return found?.[1][method.toLowerCase()];
  }

  /** A schema with what it refers to in place, and all objects closed. */
  #closed(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#closed(item));
    if (typeof value !== 'object' || value === null) return value;
    if ('$ref' in value)
      return this.#closed(this.#document.components.schemas[String(value.$ref).split('/').at(-1) ?? '']);
    const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#closed(item)]));
    return 'properties' in copy ? { ...copy, additionalProperties: false } : copy;
  }
}
