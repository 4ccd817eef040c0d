import { DatasetSchema, type DatasetSpec } from '@trawl/spec';

/** A JSON column as the type it was written with: it was checked on its way in, and Prisma knows only that it is JSON. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-parameters
export const stored = <T>(json: unknown): T => json as T;

/** A dataset as this build describes one: what an older one stored lacks the keys that have come since, and had their defaults. */
export const storedDataset = (json: unknown): DatasetSpec => DatasetSchema.parse(json);
