import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { type ProblemCode, ProblemError, problemBody } from '../problems.js';

/** What Fastify and its plugins throw by themselves, in our words. Anything not listed is our fault: 500. */
const FASTIFY_CODES: Record<string, ProblemCode> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-body',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed-body',
  FST_ERR_BAD_URL: 'invalid-parameter',
  FST_ERR_MAX_PARAM_LENGTH: 'invalid-parameter',
  FST_ERR_VALIDATION: 'invalid-body',
};

export function sendProblem(reply: FastifyReply, problem: ProblemError): FastifyReply {
  const body = problemBody(problem.code, problem.message, problem.faults);
  return reply.code(body.status).headers(problem.headers).type('application/problem+json').send(body);
}

function asProblem(error: FastifyError, request: FastifyRequest): ProblemError {
  if (error instanceof ProblemError) return error;
  const code = FASTIFY_CODES[error.code];
  if (code === 'unsupported-media-type') return new ProblemError(code, mediaTypeDetail(request));
  if (code === 'too-large') {
    return new ProblemError(code, `The body may have at most ${request.routeOptions.bodyLimit} bytes.`);
  }
  if (code !== undefined) return new ProblemError(code, error.message);
  if (error.statusCode === 429) return new ProblemError('too-many-requests', error.message);
  return new ProblemError('internal', `Nothing is wrong with the request. The log has the reason under ${request.id}.`);
}

function mediaTypeDetail(request: FastifyRequest): string {
  const allowed = request.routeOptions.config.mediaTypes ?? ['application/json'];
  const given = request.headers['content-type'];
  return `${given === undefined ? 'The body has no content type' : `Content type ${given} is not read here`}; allowed: ${allowed.join(', ')}`;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Content types that the route reads, for the 415. */
    mediaTypes?: readonly string[];
  }
}

/** The error of a URL that no route ever sees (`frameworkErrors`). */
export function frameworkProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void sendProblem(reply, asProblem(error, request));
}

/** What Node's own parser refuses, which never becomes a request (`clientErrorHandler`). */
const PARSER_CODES: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

export function clientProblem(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const problem = problemBody(PARSER_CODES[error.code ?? ''] ?? 'malformed-request', 'The connection is closed.');
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroy();
}

/** Every answer other than success is an RFC 9457 problem; what lies behind a 5xx goes to the log only. */
export const problems = fp(
  async (app) => {
    app.setErrorHandler<FastifyError>((error, request, reply) => {
      const problem = asProblem(error, request);
      if (problem.code === 'internal') request.log.error({ err: error }, 'request failed');
      else request.log.info({ problem: problem.code, detail: problem.message }, 'request refused');
      return sendProblem(reply, problem);
    });
    app.setNotFoundHandler((request, reply) =>
      sendProblem(reply, new ProblemError('not-found', `There is no route ${request.method} ${request.url}.`)),
    );
  },
  { name: 'problems' },
);
