export { createClient, type Client } from './client.js';
export { ApiError, UnreachableError } from './errors.js';
export type { EventOptions } from './events.js';
export type { FigureQuery, FigureSubject } from './figures.js';
export type { ClientOptions } from './http.js';
export type { RetryPolicy } from './retry.js';
export type { SpecMediaType } from './sweeps.js';
