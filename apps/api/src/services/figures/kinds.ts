import type { FigureView, Split } from '@trawl/spec';
import type { Job } from '@trawl/figures/renderer';

/** Everything that can be said of how a figure is drawn; each figure takes some of it. */
export interface FigureOptions {
  stage?: string | undefined;
  split?: Split | undefined;
  hue?: string | undefined;
  metric?: string | undefined;
  x?: string | undefined;
  y?: string | undefined;
  by?: string | undefined;
  base?: number | undefined;
  trials?: number[] | undefined;
  latents?: 'unsupervised' | 'all' | undefined;
  seed?: number | undefined;
}
export type FigureOption = keyof FigureOptions;

type Distribute<T> = T extends { format: unknown } ? Omit<T, 'format'> : never;
/** A job that lacks only its format. */
export type Unformatted = Distribute<Job>;

/** A figure whose data have been found. */
export interface Prepared {
  /** Says all that the drawing depends on: the same key is the same picture. JSON. */
  key: unknown;
  /** Reads what is large. */
  load: () => Promise<Unformatted>;
}

/** A figure of a sweep or of a run. */
export interface FigureKind<Subject> extends Omit<FigureView, 'formats' | 'missing' | 'options'> {
  options: readonly FigureOption[];
  /** @throws ProblemError where an option is illegal or there is nothing to draw yet */
  prepare(subject: Subject, options: FigureOptions): Promise<Prepared>;
}
