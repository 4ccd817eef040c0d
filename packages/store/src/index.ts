import type { ArtifactFiles } from './artifacts/files.js';
import type { Store, StoreOptions } from './contract.js';
import type { Notification } from './types.js';

export * from './artifacts/files.js';
export * from './contract.js';
export * from './types.js';

/** Throws when the database's migrations are not those of this build, and says the remedy. */
export declare function openStore(options: StoreOptions): Promise<Store>;

/** Applies what is missing; the names of what it applied. */
export declare function migrate(databaseUrl: string): Promise<string[]>;

export interface EmbeddedPostgres {
  databaseUrl: string;
  pid: number;
  stop(): Promise<void>;
}
export declare function startEmbeddedPostgres(options: { dataDir: string }): Promise<EmbeddedPostgres>;

export declare function listen(
  databaseUrl: string,
  onNotify: (notification: Notification) => void,
): Promise<{ close(): Promise<void> }>;

/** `new LocalArtifacts(folder)`. */
export declare const LocalArtifacts: new (folder: string) => ArtifactFiles;
