/** A sweep nests 8 deep; whatever reads it recursively needs some bound. */
export const MAX_DEPTH = 50;
/** A text with more errors than this is not worth a longer answer. */
export const MAX_COMPLAINTS = 20;

/** Something wrong with a text as text. `at` is an offset into it. */
export interface TextComplaint {
  message: string;
  at?: number | undefined;
}

export type Read = { value: unknown } | { complaints: TextComplaint[] };
