import { z } from 'zod';

/*
 * backup.tar: `manifest.json` first, then `tables/NAME.copy` (COPY's text form), then `artifacts/SHA256`, and
 * `checksums.json` last: a backup without it was cut off.
 */
export const FORMAT = 1;
export const MANIFEST = 'manifest.json';
export const CHECKSUMS = 'checksums.json';
export const tableEntry = (table: string): string => `tables/${table}.copy`;
export const ARTIFACT = /^artifacts\/([0-9a-f]{64})$/;

const name = z.string().regex(/^[a-z_][a-z0-9_]*$/);

export const Manifest = z.object({
  format: z.literal(FORMAT),
  createdAt: z.iso.datetime(),
  /** Applied to the database that was backed up, in order. */
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })).min(1),
  tables: z.array(z.object({ name, columns: z.array(name).min(1) })),
  sequences: z.array(z.object({ name, value: z.string().regex(/^\d+$/).nullable() })),
  artifacts: z.object({ files: z.int(), bytes: z.number() }),
});
export type Manifest = z.infer<typeof Manifest>;

export const Checksums = z.object({
  /** By name: sha256 of the entry, and rows. */
  tables: z.record(z.string(), z.object({ sha256: z.string(), rows: z.int() })),
  artifacts: z.object({ files: z.int(), bytes: z.number() }),
  /** Named by artifacts, and not there when the backup was made. */
  missing: z.array(z.string()),
});
export type Checksums = z.infer<typeof Checksums>;

export interface BackupProgress {
  /** As `table metric_point` or `files`. */
  what: string;
  /** Of the files; 0 of 0 for a table. */
  done: number;
  total: number;
}

export interface BackupReport {
  tables: number;
  rows: number;
  files: number;
  bytes: number;
  missing: string[];
}
