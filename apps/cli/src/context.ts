import { ApiError, type Client, type ClientOptions, createClient, UnreachableError } from '@trawl/client';
import { createFileClient, type FileClient } from '@trawl/client/files';
import { BackupError, EmbeddedPostgresError, MigrationError } from '@trawl/store';
import { type Config, readConfig, readStackFile } from './config.js';
import { DatabaseError } from './database.js';

/** A mistake of the user's: shown as it is, without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** What was to be started did not come up: the message says what its log says. */
export class StartError extends Error {
  override name = 'StartError';
}

/** What every command has at hand. */
export interface Context {
  config: Config;
  /** The api of TRAWL_API_URL, else of the running stack. Throws UsageError where neither is. */
  client(options?: Omit<ClientOptions, 'baseUrl' | 'apiKey'>): Client;
  /** Files to and from the same api. */
  files(): FileClient;
  /** For a person on stdout; with --json the value instead. */
  show(value: unknown, text: () => string): void;
  json: boolean;
}

export function createContext(json: boolean): Context {
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const place = (): ClientOptions => {
    const stack = config.apiUrl === undefined ? readStackFile(config.dataDir) : null;
    const baseUrl = config.apiUrl ?? stack?.apiUrl;
    if (baseUrl === undefined) {
      throw new UsageError(
        `no trawl is running on ${config.dataDir}: start one with "npm start", or set TRAWL_API_URL`,
      );
    }
    return { baseUrl, apiKey: config.apiKey ?? stack?.apiKey };
  };
  return {
    config,
    json,
    client: (options) => createClient({ ...place(), ...options }),
    files: () => createFileClient(place()),
    show: (value, text) => process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text()}\n`),
  };
}

/** Exit codes: 1 the service refused or failed, 2 the command was wrong, 3 the service cannot be reached. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return 2;
  if (error instanceof UnreachableError || error instanceof DatabaseError) return 3;
  return 1;
}

/** Errors whose message is all that a person needs: what is wrong, and what to do about it. */
const PLAIN = [
  UsageError,
  StartError,
  ApiError,
  UnreachableError,
  DatabaseError,
  BackupError,
  EmbeddedPostgresError,
  MigrationError,
];

export function messageOf(error: unknown): string {
  if (error instanceof UnreachableError) return `${error.message}; start it (npm start), or correct TRAWL_API_URL`;
  if (PLAIN.some((kind) => error instanceof kind) && error instanceof Error) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
