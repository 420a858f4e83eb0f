import type { Socket } from 'node:net';
import { ERRORS, type ErrorName, LiveError } from '@lianmai/contract';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isStoreUnavailable, storeUnavailable } from '../../store/errors.ts';

/** Answers with any error in the one shape; what is not meant for callers is logged and named INTERNAL. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const live = isTooLarge(error) ? tooLarge(request) : toLiveError(error);
  // Closing, as Fastify would after a body that it cannot read, breaks the worker's connection while it still writes,
  // be it only the end of the body, before it has the answer.
  reply.removeHeader('connection');
  if (live.name === 'INTERNAL') request.log.error({ err: error }, 'request failed');
  if (live.name === 'UNAVAILABLE') {
    request.log.warn({ err: error }, 'request could not be served');
    reply.header('retry-after', '1');
  }
  if (live.name === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
  // Serialised here: on its way out an error must not fail a second time, on a route's own schemas.
  return reply
    .code(live.status)
    .header('content-type', 'application/json; charset=utf-8')
    .header('x-request-id', request.id)
    .serializer(String)
    .send(JSON.stringify(live.toBody(request.id)));
}

const isTooLarge = (error: unknown): boolean => (error as Partial<FastifyError>).code === 'FST_ERR_CTP_BODY_TOO_LARGE';

function tooLarge({ routeOptions }: FastifyRequest): LiveError {
  const kilobytes = Math.round(routeOptions.bodyLimit / 1024);
  const limit = kilobytes < 1024 ? `${kilobytes} kB` : `${Math.round(kilobytes / 1024)} MB`;
  return new LiveError('TOO_LARGE', `the body is larger than ${limit}`);
}

const BY_FASTIFY_CODE: Readonly<Record<string, { name: ErrorName; message: string }>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    name: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'send the body as JSON, with content-type: application/json',
  },
  FST_ERR_MAX_PARAM_LENGTH: { name: 'URI_TOO_LONG', message: 'the address is too long' },
  FST_ERR_BAD_URL: { name: 'BAD_REQUEST', message: 'the address is not a valid URL' },
};

function toLiveError(error: unknown): LiveError {
  if (error instanceof LiveError) return error;
  if (isStoreUnavailable(error)) return storeUnavailable();
  const { code, statusCode, message } = error as Partial<FastifyError>;
  const known = BY_FASTIFY_CODE[code ?? ''];
  if (known) return new LiveError(known.name, known.message);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new LiveError('BAD_REQUEST', message?.split('\n')[0] ?? 'the request is not valid');
  return new LiveError('INTERNAL', 'the server failed at this request; its log has the details under the requestId');
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const where = request.url.split('?', 1)[0]?.slice(0, 200);
  return answerError(new LiveError('NOT_FOUND', `nothing is at ${request.method} ${where}`), request, reply);
}

/** Bytes that are no HTTP: answered on the socket, which is then closed. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const name: ErrorName = error.code === 'HPE_HEADER_OVERFLOW' ? 'TOO_LARGE' : 'BAD_REQUEST';
  const message = name === 'TOO_LARGE' ? 'the headers are too large' : 'this is not an HTTP request';
  const body = JSON.stringify(new LiveError(name, message).toBody());
  socket.end(
    `HTTP/1.1 ${ERRORS[name].status} ${name === 'TOO_LARGE' ? 'Content Too Large' : 'Bad Request'}\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
