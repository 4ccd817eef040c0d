export * from './artifacts/files.js';
export { LocalArtifacts } from './artifacts/local.js';
export * from './contract.js';
export { EmbeddedPostgresError } from './embedded/error.js';
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded/start.js';
export { listen, type Listener } from './listen.js';
export { migrate, MigrationError } from './migrate.js';
export { openStore } from './open.js';
export * from './types.js';
