import { type Agent, request } from 'node:http';
import type { Drawn } from './requests.js';

export interface Answer {
  status: number;
  contentType: string;
  body: string;
  /** Until the answer was there. */
  ms: number;
}

/** Things that the service has, by kind, and keys by name: they stand in for `{{kind:n}}`. */
export type Pool = Map<string, string[]>;

export function filled(text: string, pool: Pool): string {
  return text.replaceAll(/\{\{(\w+):(\w+)\}\}/g, (_, kind: string, which: string) => {
    const all = pool.get(kind === 'token' ? `token:${which}` : kind) ?? [];
    return all[Number(which) % Math.max(1, all.length)] ?? all[0] ?? 'none';
  });
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The request as one can send it by hand. Its key is left to whoever does. */
export function curl(url: string, { method, path, headers, body }: Drawn): string {
  const given = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const data = body === null ? [] : [`--data-binary ${quoted(body)}`];
  return ['curl -sS --path-as-is', `-X ${method}`, ...given, ...data, quoted(`${url}${path}`)].join(' ');
}

/** Events go on for ever: this much of a stream is enough. */
const STREAM_MS = 15;

/** Node would send the body of a DELETE without it, and the service would take it for the next request. */
const lengthOf = (body: string | null): Record<string, string> =>
  body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };

export function send(url: string, agent: Agent, { method, path, headers, body }: Drawn): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request(
      { agent, hostname, port, method, path, headers: { ...headers, ...lengthOf(body) }, timeout: 30_000 },
      (answer) => {
        const { statusCode: status = 0 } = answer;
        const contentType = answer.headers['content-type'] ?? '';
        const chunks: Buffer[] = [];
        const done = () => {
          clearTimeout(timer);
          resolve({ status, contentType, body: Buffer.concat(chunks).toString('utf8'), ms: performance.now() - began });
        };
        const endless = contentType.startsWith('text/event-stream');
        const timer = endless ? setTimeout(() => asked.destroy(), STREAM_MS) : undefined;
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', done);
        answer.on('error', (error) => (endless ? done() : reject(error)));
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('no answer within 30 s')));
    asked.on('error', reject);
    asked.end(body ?? undefined);
  });
}
