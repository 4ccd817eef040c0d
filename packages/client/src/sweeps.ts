import {
  Best,
  DryRun,
  Ranking,
  RunView,
  SweepDetail,
  SweepView,
  LabelFit,
  Udr,
  type ApproveBody,
  type ExtendBody,
  type RefitBody,
  type RunState,
} from '@trawl/spec';
import type { z } from 'zod';
import { type EventOptions, follow } from './events.js';
import type { Call, Http } from './http.js';
import { items } from './pages.js';

export type SpecMediaType = 'application/json' | 'application/yaml';

type StageQuery = { stage?: string | undefined; metric?: string | undefined; direction?: 'min' | 'max' | undefined };

type RankingQuery = StageQuery & {
  by?: string | undefined;
  /** Cells of the answer; absent: all. */
  limit?: number | undefined;
  offset?: number | undefined;
};

const at = (id: string, ...rest: string[]) => ['v1', 'sweeps', id, ...rest];

export function sweepCalls(http: Http) {
  const post = (path: string[], body?: unknown): Promise<SweepDetail> =>
    http.json(SweepDetail, {
      method: 'POST',
      path,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });

  return {
    /**
     * Stores a sweep and starts it. Safe to repeat: sent again with the same key the service answers with
     * the sweep that is there. Without a key one is drawn, for this call and its retries.
     */
    submit: (text: string, mediaType: SpecMediaType, idempotencyKey: string = drawKey()): Promise<SweepDetail> =>
      http.json(SweepDetail, {
        ...specCall(text, mediaType),
        headers: { 'content-type': mediaType, 'idempotency-key': idempotencyKey },
      }),
    /** Checks a sweep whole and says what it would train; stores nothing. */
    dryRun: (text: string, mediaType: SpecMediaType): Promise<DryRun> =>
      http.json(DryRun, { ...specCall(text, mediaType), query: { dryRun: true } }),
    /** Newest first. */
    list: (query: { limit?: number | undefined } = {}) =>
      items(http, SweepView, { method: 'GET', path: ['v1', 'sweeps'], query }),
    get: (id: string): Promise<SweepDetail> => http.json(SweepDetail, { method: 'GET', path: at(id) }),
    delete: (id: string): Promise<void> => http.send({ method: 'DELETE', path: at(id) }, async () => {}),
    /** Oldest first. `limit` is the size of a page. */
    runs: (
      id: string,
      {
        limit = 500,
        ...query
      }: { stage?: string | undefined; state?: RunState | undefined; limit?: number | undefined } = {},
    ) => items(http, RunView, { method: 'GET', path: at(id, 'runs'), query: { ...query, limit } }),
    /** Its events: all from the first, or those after a place. It ends with an ApiError 404 when the sweep is deleted. */
    events: (id: string, options: EventOptions = {}) => follow(http, at(id, 'events'), { after: 0, ...options }),
    ranking: (id: string, query: RankingQuery = {}): Promise<Ranking> =>
      http.json(Ranking, { method: 'GET', path: at(id, 'ranking'), query }),
    /** How alike the latents are that the seeds of each cell of a stage found. */
    udr: (id: string, query: { stage?: string | undefined } = {}): Promise<Udr> =>
      http.json(Udr, { method: 'GET', path: at(id, 'udr'), query }),
    /** How well held-out labels are predicted, pooled over seeds and over the values of a parameter, as the splits of the data. */
    labelFit: (
      id: string,
      query: { stage?: string | undefined; split?: 'val' | 'test' | undefined; over?: string | undefined } = {},
    ): Promise<LabelFit> => http.json(LabelFit, { method: 'GET', path: at(id, 'label-fit'), query }),
    best: (id: string, query: StageQuery = {}): Promise<Best> =>
      http.json(Best, { method: 'GET', path: at(id, 'best'), query }),
    /**
     * More values or seeds for a stage. Safe to repeat: sent again with the same key nothing more is added.
     * Without a key one is drawn, for this call and its retries.
     */
    extend: (id: string, body: z.input<typeof ExtendBody>, idempotencyKey: string = drawKey()): Promise<SweepDetail> =>
      http.json(SweepDetail, {
        method: 'POST',
        path: at(id, 'extend'),
        headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body: JSON.stringify(body),
      }),
    /** A file in one of the formats of the service, as it is sent. */
    export: (
      id: string,
      query: { format: 'csv' | 'json' | 'tensorboard' | 'behavenet'; what?: 'runs' | 'curves' | undefined },
    ): Promise<Response> => http.open({ method: 'GET', path: at(id, 'export'), query, patient: true }),
    /** The best cells again with fresh seeds. Safe to repeat, as `extend`. */
    refit: (
      id: string,
      body: z.input<typeof RefitBody> = {},
      idempotencyKey: string = drawKey(),
    ): Promise<SweepDetail> =>
      http.json(SweepDetail, {
        method: 'POST',
        path: at(id, 'refit'),
        headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body: JSON.stringify(body),
      }),
    pause: (id: string) => post(at(id, 'pause')),
    resume: (id: string) => post(at(id, 'resume')),
    cancel: (id: string) => post(at(id, 'cancel')),
    approve: (id: string, stage: string, body: z.input<typeof ApproveBody>) =>
      post(at(id, 'stages', stage, 'approve'), body),
  };
}

const specCall = (text: string, mediaType: SpecMediaType): Call => ({
  method: 'POST',
  path: ['v1', 'sweeps'],
  headers: { 'content-type': mediaType },
  body: text,
});

/** Not crypto.randomUUID: browsers have it on https pages only. */
function drawKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
