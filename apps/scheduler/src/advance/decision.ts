import type { Cell } from '@trawl/spec';

/** What becomes of a stage that is due. */
export type Decision =
  | {
      kind: 'open';
      cells: Cell[];
      seeds: number[];
      /** By cell hash, the run whose weights the cell's runs start from. */
      parents: ReadonlyMap<string, string>;
    }
  /** `cellId` is null where the stage selects nothing, as a refit. */
  | { kind: 'done'; cellId: string | null; why: string }
  | { kind: 'review'; reason: string; suggested: { cellId: string; why: string } | null }
  | { kind: 'fail'; reason: string };
