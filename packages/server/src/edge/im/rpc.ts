import { IM_LONGEST_BATCH, type ImError, type ImId, LiveError, RPC_CODES } from '@lianmai/contract';

/** A request, or without an id a notification (JSON-RPC 2.0 §4). */
export interface RpcCall {
  /** undefined: a notification. */
  id: ImId | undefined;
  method: string;
  params: unknown;
}

/** What one message holds. A part that is no call is the error to answer it with. */
export type RpcMessage = { batch: boolean; parts: readonly (RpcCall | RpcFault)[] };

export interface RpcFault {
  id: ImId;
  error: ImError;
}

/** Deeper nested params are of no use, and cost what handles them. */
const DEEPEST = 16;
const LONGEST_ID = 128;
const LONGEST_METHOD = 64;

/** Reads a message of a client; never throws. */
export function readRpc(text: string): RpcMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { batch: false, parts: [fault(null, RPC_CODES.parse, 'this is not JSON')] };
  }
  if (!Array.isArray(value)) return { batch: false, parts: [readCall(value)] };
  if (value.length === 0) return { batch: false, parts: [fault(null, RPC_CODES.request, 'an empty batch')] };
  if (value.length > IM_LONGEST_BATCH) {
    const reason = `a batch may have ${IM_LONGEST_BATCH} calls: send several`;
    return { batch: false, parts: [fault(null, RPC_CODES.request, reason)] };
  }
  return { batch: true, parts: value.map(readCall) };
}

function readCall(value: unknown): RpcCall | RpcFault {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fault(
      null,
      RPC_CODES.request,
      'a call is an object: {"jsonrpc": "2.0", "id": 1, "method": "…", "params": {…}}',
    );
  const { jsonrpc, id, method, params = {} } = value as Record<string, unknown>;
  if (!isId(id))
    return fault(null, RPC_CODES.request, `id must be a number or a text of at most ${LONGEST_ID} characters`);
  const wrong = (what: string) => fault(id ?? null, RPC_CODES.request, what);
  if (jsonrpc !== '2.0') return wrong('jsonrpc must be "2.0"');
  if (typeof method !== 'string' || method.length > LONGEST_METHOD) return wrong('method must be the name of a method');
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    return fault(id ?? null, RPC_CODES.params, 'params must be an object: they go by name');
  if (isDeeper(params, DEEPEST)) return fault(id ?? null, RPC_CODES.params, `params are nested deeper than ${DEEPEST}`);
  return { id, method, params };
}

function isId(id: unknown): id is ImId | undefined {
  if (typeof id === 'string') return id.length <= LONGEST_ID;
  return id === undefined || id === null || (typeof id === 'number' && Number.isFinite(id));
}

function isDeeper(value: object, levels: number): boolean {
  if (levels === 0) return true;
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null && isDeeper(inner, levels - 1)) return true;
  return false;
}

/** An error of the protocol itself, in the shape of all errors. */
function fault(id: ImId, code: number, message: string): RpcFault {
  return { id, error: { code, message, data: new LiveError('BAD_REQUEST', message).toBody().error } };
}

/** A LiveError as an answer to a call. */
export function failure(id: ImId, data: ImError['data']): RpcFault {
  return { id, error: { code: rpcCode(data.name), message: data.message, data } };
}

function rpcCode(name: ImError['data']['name']): number {
  switch (name) {
    case 'BAD_REQUEST':
      return RPC_CODES.params;
    case 'METHOD_NOT_ALLOWED':
      return RPC_CODES.method;
    case 'INTERNAL':
      return RPC_CODES.internal;
    default:
      return RPC_CODES.failed;
  }
}

/** The text of an answer. `result` is JSON already. */
export const resultText = (id: ImId, result: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;

export const faultText = ({ id, error }: RpcFault): string => JSON.stringify({ jsonrpc: '2.0', id, error });
