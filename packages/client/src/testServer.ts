import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** Answers one request; the n-th request of a test gets the n-th answer, the last answer all that follow. */
export type Answer = (response: ServerResponse, request: Seen) => void;

export interface TestServer {
  baseUrl: string;
  seen: Seen[];
  answers: Answer[];
  close(): Promise<void>;
}

export async function startServer(): Promise<TestServer> {
  const seen: Seen[] = [];
  const answers: Answer[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === undefined) throw new Error(`no answer for ${method} ${url}`);
      answer(response, { method, url, headers, body });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    seen,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export const problem = (status: number, detail: string, more: object = {}, headers: Record<string, string> = {}) =>
  json({ type: 'about:blank', title: 'Refused', status, detail, ...more }, status, {
    'content-type': 'application/problem+json',
    ...headers,
  });

/** The connection ends without an answer. */
export const hangUp: Answer = (response) => void response.destroy();
