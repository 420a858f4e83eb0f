import { LiveError } from '@lianmai/contract';
import type { FastifySchemaCompiler } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/*
 * Requests are checked strictly: nothing is removed, filled in or turned into another type, except that numbers and
 * booleans of a query arrive as text.
 */

interface Problem {
  keyword: string;
  schemaPath: string;
  instancePath: string;
  params: unknown;
  message: string;
}

/** Compiles a schema to what Fastify calls for each request; a problem becomes a LiveError that names the field. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const checker = Compile(schema);
  const read = httpPart === 'body' ? (value: unknown) => value : (value: unknown) => fromText(schema, value);
  return (given: unknown) => {
    const value = read(given);
    if (checker.Check(value)) return { value };
    return { error: describe(checker.Errors(value) as Problem[], httpPart ?? 'body') };
  };
};

const WHOLE_NUMBER = /^-?\d{1,15}$/;

function fromText(schema: TSchema, given: unknown): unknown {
  if (!Type.IsObject(schema) || typeof given !== 'object' || given === null) return given;
  const read = { ...given } as Record<string, unknown>;
  for (const [name, property] of Object.entries(schema.properties)) {
    const text = read[name];
    if (typeof text !== 'string') continue;
    if (Type.IsInteger(property) && WHOLE_NUMBER.test(text)) read[name] = Number(text);
    if (Type.IsBoolean(property) && (text === 'true' || text === 'false')) read[name] = text === 'true';
  }
  return read;
}

/**
 * Where one of several shapes would do, the problems of the one that was meant: of the only shape whose type the value has.
 * An object given for "text or object" is told what is wrong with the object, not that it is no text.
 */
function ofShapeMeant(problems: readonly Problem[]): readonly Problem[] {
  let left = problems;
  for (const choice of problems) {
    if (choice.keyword !== 'anyOf') continue;
    const path = `${choice.schemaPath}/anyOf/`;
    // Items of a list have one schema path: the instance tells them apart.
    const within = ({ schemaPath, instancePath }: Problem) =>
      schemaPath.startsWith(path) && `${instancePath}/`.startsWith(`${choice.instancePath}/`);
    const shapes = Map.groupBy(left.filter(within), ({ schemaPath }) => schemaPath.slice(path.length).split('/', 1)[0]);
    const meant = [...shapes.values()].filter(
      (shape) => !shape.some((p) => p.keyword === 'type' && p.instancePath === choice.instancePath),
    );
    const [only] = meant;
    if (only && meant.length === 1)
      left = left.filter((problem) => only.includes(problem) || (problem !== choice && !within(problem)));
  }
  return left;
}

/** One sentence and one field, of all that is wrong the most telling. */
function describe(everything: readonly Problem[], part: string): LiveError {
  const problems = ofShapeMeant(everything);
  const unknown = problems.find(({ keyword }) => keyword === 'additionalProperties');
  if (unknown) {
    const { additionalProperties = [] } = unknown.params as { additionalProperties?: string[] };
    const field = path(unknown, additionalProperties[0]);
    return new LiveError('BAD_REQUEST', `${field} is not a field of this ${placeNames[part] ?? part}`, field);
  }
  const missing = problems.find(({ keyword }) => keyword === 'required');
  if (missing) {
    const { requiredProperties = [] } = missing.params as { requiredProperties?: string[] };
    const field = path(missing, requiredProperties[0]);
    return new LiveError('BAD_REQUEST', `${field} is required`, field);
  }
  const [first] = problems;
  if (!first) return new LiveError('BAD_REQUEST', 'the request is not valid');
  const field = path(first);
  const alternatives = problems.filter((p) => p.instancePath === first.instancePath && p.keyword === 'type');
  const sentence =
    alternatives.length > 1 && first.keyword === 'type'
      ? `must be ${alternatives.map(({ params }) => (params as { type: string }).type).join(' or ')}`
      : wording(first);
  return field === ''
    ? new LiveError('BAD_REQUEST', `the ${placeNames[part] ?? part} ${sentence}`)
    : new LiveError('BAD_REQUEST', `${field} ${sentence}`, field);
}

function wording({ keyword, params, message }: Problem): string {
  const { allowedValues, pattern } = params as { allowedValues?: unknown[]; pattern?: string };
  if (keyword === 'enum' && allowedValues) return `must be one of ${allowedValues.join(', ')}`;
  if (keyword === 'pattern') return `must match ${pattern}`;
  return message;
}

const placeNames: Readonly<Record<string, string>> = { querystring: 'query', params: 'address' };

/** RFC 6901 pointer, without the first slash. */
const path = ({ instancePath }: Problem, name?: string): string =>
  (name === undefined ? instancePath : `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).slice(1);
